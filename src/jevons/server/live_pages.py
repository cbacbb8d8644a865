"""Pages of `jevons report --live`, by path: made once for what the ledger holds, and again when that has changed."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Collection, Sequence
from hashlib import sha256
from typing import NamedTuple

import jevons
from jevons.cut import agreed
from jevons.factors.sheets import FactorFileError
from jevons.ledger.compacted import ManifestError
from jevons.ledger.spans import Span, previous, started
from jevons.record import Run
from jevons.report.complete import advice
from jevons.report.document import Advice, Document
from jevons.report.html.live import Frame, Link, Running, message, render
from jevons.server.live_advice import Looking
from jevons.server.live_documents import Documents
from jevons.server.live_ledger import LiveLedger
from jevons.server.live_one_test import Given
from jevons.server.live_places import Stand, address_of, key, stand
from jevons.settings import SettingsError

_LOOK_S = 0.5
"""The ledger's files are looked at no more often."""
_MOST_CALLS = 100_000
"""Calls of a page up to which it is looked for what to cut."""
_KEPT_BYTES, _STAMPS = 64 << 20, 4_096
_GONE = "Nothing in the ledger goes by this address: it may have been deleted since."
_EMPTY = ("pytest --jevons", "jevons serve", "jevons scan .", "jevons import FILE")


class Page(NamedTuple):
    """An answer."""

    status: int
    tag: str
    """Of its content: the same until something changes."""
    wait_s: float
    """When to ask again."""
    body: bytes = b""


class Pages:
    """Makes pages, one at a time; `page` blocks."""

    def __init__(self, ledger: LiveLedger, given: Given) -> None:
        self._ledger, self._given = ledger, given
        self._documents = Documents(ledger, given)
        self._looking = Looking()
        self._lock = threading.Lock()
        self._looked = 0.0
        self._counted: dict[str, int] = {}
        self._made: OrderedDict[tuple[str, str], tuple[str, float, bytes]] = OrderedDict()

    def page(self, path: str, base: str = "", tags: Collection[str] = ()) -> Page:
        """The page of a path; without a body where its tag is among `tags`. `base`: what stands before all addresses.

        Raises StoppedError.
        """
        with self._lock:
            try:
                if time.monotonic() - self._looked > _LOOK_S:
                    self._ledger.refresh()
                    self._looked = time.monotonic()
                return self._page(path, base, tags)
            except (ManifestError, FactorFileError, SettingsError) as error:
                return self._said(500, base, "It could not be done", [str(error)], (), tags)

    def stop(self) -> None:
        """Read no more."""
        self._ledger.stopping = True

    def end(self) -> None:
        """Wait until nothing is done any more; after `stop`."""
        self._looking.end()

    def _page(self, path: str, base: str, tags: Collection[str]) -> Page:
        if not self._ledger.runs:
            lines = ["Nothing is recorded yet. This page shows it when something is; to record:"]
            return self._said(200, base, "No AI call yet", lines, _EMPTY, tags)
        at = stand(path, self._ledger.runs)
        if at is None:
            return self._said(
                404,
                base,
                "There is no such page",
                ["Nothing in the ledger goes by this address: it may have been deleted since."],
                (),
                tags,
            )
        running = [run for run in at.runs if self._ledger.goes_on(run)]
        found = self._advice(at, running)
        now = self._tag(at, base, running, found)
        kept = self._made.get((base, at.address))
        cost = kept[1] if kept else 0.0
        wait_s = max(2.0, 4 * cost) if running or isinstance(found, str) else max(5.0, 4 * cost)
        if now in tags:
            return Page(304, now, wait_s)
        if kept is None or kept[0] != now:
            begun = time.perf_counter()
            body = self._render(at, base, now, running, found)
            if body is None:
                return self._said(404, base, "There is no such test", ["Not among these runs."], (), tags)
            kept = now, time.perf_counter() - begun, body
            self._keep((base, at.address), kept)
        return Page(200, now, wait_s, kept[2])

    def _keep(self, at: tuple[str, str], page: tuple[str, float, bytes]) -> None:
        self._made.pop(at, None)
        self._made[at] = page
        while len(self._made) > 1 and sum(len(body) for _, _, body in self._made.values()) > _KEPT_BYTES:
            self._made.popitem(last=False)

    def _tag(self, at: Stand, base: str, running: Sequence[Run], found: list[Advice] | str) -> str:
        """Of all that the page is made of."""
        stamp = self._ledger.stamp
        parts = [jevons.__version__, base, at.address, at.parts, *(link.address for link in at.trail)]
        parts += [stamp(at.runs), stamp(at.before[1]) if at.before else "", *(run.id for run in running), str(found)]
        if at.parts == "test":
            before = previous(self._ledger.runs.values(), at.runs[0])
            caps, pinned = agreed.caps(self._given.root, self._given.settings)
            parts += [stamp(before.runs) if before else "", str(caps), pinned]
            if any(caps.get(long) for long in ("day", "month", "project")):
                parts.append(stamp(run for run in self._ledger.runs.values() if run.project == at.runs[0].project))
        return sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]

    def _advice(self, at: Stand, running: Sequence[Run]) -> list[Advice] | str:
        if at.test:
            return []
        if running:
            return "looked for when the run has ended"
        given, ledger = self._given, self._ledger
        times = [started(run) for run in at.runs if started(run)]
        span = Span(at.what, at.runs, min(times, default=0), max(times, default=0))
        if self._calls(at.runs) > _MOST_CALLS:
            return f"not looked for among so many calls: jevons cut --run {at.what}"
        known = list(ledger.runs.values())
        return self._looking.ask(
            ledger.stamp(at.runs),
            lambda: advice(ledger.homes, span, known, given.settings, place=given.place, overrides=given.overrides),
        )

    def _calls(self, runs: Sequence[Run]) -> int:
        """How many calls runs made so far; what was counted once is not read again."""
        stamp = self._ledger.stamp(runs)
        if stamp not in self._counted:
            wanted = {run.id for run in runs}
            found = (one for part in self._ledger.parts(runs) for one in part.runs if one.run.id in wanted)
            if len(self._counted) > _STAMPS:
                self._counted.clear()
            self._counted[stamp] = sum(cell.sums.calls for one in found for cell in one.cells)
        return self._counted[stamp]

    def _render(
        self, at: Stand, base: str, tag: str, running: Sequence[Run], found: list[Advice] | str
    ) -> bytes | None:
        document = self._documents.of(at)
        if document is None:
            if at.test:
                return None
            why = "A run goes on; no AI call was seen so far." if running else "jevons doctor says what is not seen."
            frame = self._frame(at, None, base, tag, running)
            return message(frame, f"No AI call in {at.what}", [why]).encode()
        if isinstance(found, str):
            document.left_out["advice"] = found
        elif not at.test:
            document.advice = found
        return render(document, self._frame(at, document, base, tag, running)).encode()

    def _frame(self, at: Stand, document: Document | None, base: str, tag: str, running: Sequence[Run]) -> Frame:
        trail = [Link(name, base + address) for name, address in at.trail]
        many = f"{len(at.runs):,} run{'s' if len(at.runs) != 1 else ''}"
        what = f"run {at.what}" if at.parts == "test" else f"{at.what}, {many}" if at.trail[1:] else many
        if at.test and document is not None:
            trail[-1] = Link(document.run, trail[-1].address)
            what = f"test {document.run}, {at.trail[-2].name}"

        def href(by: str, name: str) -> str:
            if by == "test":
                return "" if at.test else f"{base}{at.address.rstrip('/')}/t/{key(name)}"
            project = at.runs[0].project
            known = by in ("project", "quarter", "month", "day", "run")
            return base + address_of(by, name, name if by == "project" else project) if known else ""

        on = [Running(Link(run.id, base + address_of("run", run.id, "")), self._calls([run])) for run in running]
        return Frame(trail, tag, what, on, href)

    def _said(
        self, status: int, base: str, title: str, lines: Sequence[str], commands: Sequence[str], tags: Collection[str]
    ) -> Page:
        now = sha256("\0".join([base, title, *lines]).encode("utf-8", "replace")).hexdigest()[:32]
        if now in tags:
            return Page(304, now, 2.0)
        here = [Link(title, "")] if status != 200 else []
        frame = Frame([Link("all runs", f"{base}/"), *here], now)
        return Page(status, now, 2.0, message(frame, title, lines, commands).encode())
