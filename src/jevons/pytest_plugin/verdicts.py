"""``@pytest.mark.jevons_verdict``: the items of a test run in a drawn order, until it is settled whether they pass.

The group decides, not its items: one that fails is shown like an expected failure, and a group that fails or stays open
makes one failure under its own name. Errors in set-up and teardown stay errors; their item has no outcome.

Who runs an item finds its outcome here, at the last of its reports (pytest-rerunfailures logs those of earlier tries as
"rerun"), and lets it travel on that report. Who owns the session (the one process, or xdist's controller) says what
the verdict is, from reports alone. Workers tell one another outcomes (`verdict_workers`) only to know what to skip.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Generator
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jevons.cut.verdict.finite import Decision
from jevons.cut.verdict.sequence import NOT_NEEDED
from jevons.pytest_plugin import verdict_words
from jevons.pytest_plugin.verdict_group import Group, Outcome, Spec, groups_of
from jevons.pytest_plugin.verdict_items import FAILED_ITEM, SCORES, Items
from jevons.pytest_plugin.verdict_workers import DIST, Exchange, in_turns

_NAME = "jevons_verdicts"
_INPUT = "jevons_verdict_folder"
LEFT_OUT = pytest.StashKey[list[pytest.Item]]()
"""Marked items that were deselected."""
_WHOLE = "jevons/verdicts"
"""Key in pytest's cache: groups of which ``--lf`` runs all items."""


def of(config: pytest.Config) -> Verdicts:
    """The session's, made where there is none."""
    found = config.pluginmanager.get_plugin(_NAME)
    if isinstance(found, Verdicts):
        return found
    made = Verdicts(config)
    config.pluginmanager.register(made, _NAME)
    return made


class _Said(str):
    """Why a verdict fails; pytest's summary of older versions and JUnit's message look for a crash."""

    def __new__(cls, text: str, spec: Spec) -> _Said:
        made = super().__new__(cls, text)
        made.reprcrash = SimpleNamespace(message=text.partition("\n")[0], path=spec.path, lineno=spec.line + 1)
        return made

    reprcrash: SimpleNamespace


class Verdicts:
    """The marked groups of a session, in one process of it."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.mode: str = config.getoption("jevons_verdict")
        workerinput = getattr(config, "workerinput", None)
        self.worker: str = workerinput["workerid"] if workerinput else ""
        self.groups: dict[tuple[str, str], Group] = {}
        """By worker, where each runs all of them (``--dist=each``), and name."""
        self.stopped = ""
        self._session: pytest.Session | None = None
        self._own: dict[str, tuple[Group, pytest.Item]] = {}
        self._items = Items(decide=self.mode == "off")
        self._sent: set[str] = set()
        self._crashed: set[str] = set()
        self._heard: dict[tuple[int, int], Outcome | None] = {}
        self._each = config.getoption("dist", "no") == "each"
        folder = (workerinput or {}).get(_INPUT) or (
            "" if workerinput or self._each else f"{tempfile.gettempdir()}/jevons-verdict-{secrets.token_hex(16)}"
        )
        self.exchange = Exchange(Path(folder), self.worker or "controller") if folder else None

    # -- the order --------------------------------------------------------

    def collected(self, session: pytest.Session) -> None:
        """Draw the order of each group's items, in the places that they have among all. Raises pytest.UsageError."""
        option = self.config.getoption
        left_out = self.config.stash.get(LEFT_OUT, [])
        part = "named one by one" if any("[" in arg.rpartition("::")[2] for arg in self.config.args) else ""
        if option("lf", False) and self.config.cache and self.config.cache.get("cache/lastfailed", {}):
            part = part or "--lf"
        whole = self.config.cache.get(_WHOLE, []) if part == "--lf" and self.config.cache else []
        try:
            groups = groups_of(session.items, left_out, option("jevons_verdict_seed"), part, whole)
        except ValueError as error:
            raise pytest.UsageError(f"jevons: {error}") from None
        by_id = {item.nodeid: item for item in session.items}
        for group in groups:
            if self.mode != "off":
                places = [at for at, item in enumerate(session.items) if item.nodeid in group]
                turns = in_turns(places, len(session.items), self.config)
                for at, name in zip(turns, group.order, strict=True):
                    session.items[at] = by_id[name]
            if not any(option(name, False) for name in ("collectonly", "setuponly", "setupplan")):
                self.groups["", group.spec.name] = group
                self._own |= {item: (group, by_id[item]) for item in group.order}

    def pytest_report_collectionfinish(self) -> list[str]:
        return [verdict_words.begun(group, self._most(3)) for group in self.groups.values()]

    def _most(self, few: int) -> int:
        return 10**6 if self.config.get_verbosity() > 0 else few

    # -- an item ----------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if item.nodeid not in self._own or self.mode != "on":
            return
        group, _ = self._own[item.nodeid]
        self._hear()
        if not group.needed(item.nodeid):
            pytest.skip(NOT_NEEDED)

    def _hear(self) -> None:
        if self.worker and self.exchange:
            by_number = {group.spec.number: group for group in self.groups.values()}
            for number, at, outcome in self.exchange.news():
                group = by_number[number]
                group.record(group.order[at], outcome)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, None]:
        done = yield
        if call.when == "call" and item.nodeid in self._own and done.excinfo is None:
            # On the report, as pytest-forked makes it in a process of its own.
            done.get_result().jevons_scores = item.stash.get(SCORES, None)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)  # before the session counts failures
    def pytest_runtest_logreport(self, report: Any) -> Generator[None, None, None]:
        if report.nodeid in self._own:
            group, item = self._own[report.nodeid]
            said = self._items.observe(report, group, item)
            if self.worker and group.spec.name not in self._sent:
                self._sent.add(group.spec.name)
                said["spec"] = asdict(group.spec)
            report.jevons_verdict = said
        self._take(report)
        yield

    def _take(self, report: Any) -> None:
        """What a report tells of a verdict, whoever made it."""
        said = getattr(report, "jevons_verdict", None)
        if said is None:
            if getattr(report, "when", "") == "???" and report.failed:  # xdist: its worker is gone
                self._crashed.add(report.nodeid)
                self._settle_crashed()
            return
        worker = report.node.gateway.id if self._each and hasattr(report, "node") else ""
        if "spec" in said and (worker, said["group"]) not in self.groups:
            self.groups[worker, said["group"]] = Group(Spec(**said["spec"]))
            self._settle_crashed()
        if "outcome" not in said:
            return
        group = self.groups[worker, said["group"]]
        outcome = tuple(said["outcome"]) if said["outcome"] else None
        calls = sum(number for name, number in report.user_properties if name == "jevons.calls")
        group.record(report.nodeid, outcome, said["failed"], calls)
        if self.worker and self.exchange:
            self.exchange.tell(group.spec.number, group.place[report.nodeid], outcome)

    def _settle_crashed(self) -> None:
        """An item that took its worker with it has no outcome, unless that was told: others may go on without it."""
        for group in self.groups.values():
            for item in [item for item in self._crashed if item in group]:
                self._crashed.discard(item)
                at = group.place[item]
                if self.exchange:
                    self._heard |= {(number, place): told for number, place, told in self.exchange.news()}
                outcome = self._heard.get((group.spec.number, at))
                group.record(item, outcome)
                if outcome is None and self.exchange:
                    self.exchange.tell(group.spec.number, at, None)

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: Any) -> tuple[str, str, str] | None:
        reason = getattr(report, "wasxfail", "")
        return ("xfailed", "f", "FAILED ITEM") if report.skipped and reason.startswith(FAILED_ITEM) else None

    # -- the verdict ------------------------------------------------------

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logfinish(self) -> None:
        if self.mode == "on":  # at once, so that -x stops here
            for group in self.groups.values():
                if group.sequence.decision == "fail":
                    self._fail(group, "fail")

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtestloop(self) -> Generator[None, Any, None]:
        done = yield
        if done.excinfo is not None:
            kind, error = done.excinfo[:2]
            self.stopped = "interrupted" if kind is KeyboardInterrupt else f"the session was stopped ({error})"
            return
        for group in self.groups.values():
            decision = self._decision(group)
            if decision != "pass":
                self._fail(group, decision)

    def _decision(self, group: Group) -> Decision | None:
        return (group.counted_out if self.mode == "full" else None) or group.sequence.decision

    def _fail(self, group: Group, decision: Decision | None) -> None:
        if self.worker or group.told or self.mode == "off":
            return
        group.told = True
        spec = group.spec
        report = pytest.TestReport(
            nodeid=spec.name,
            location=(spec.path, spec.line, f"verdict on {spec.name.partition('::')[2]}"),
            keywords={},
            outcome="failed",
            longrepr=_Said(verdict_words.failure(group, decision), spec),
            when="call",
        )
        plugin = self.config.pluginmanager.get_plugin
        # It is none of the tests that progress is measured by; and xdist counts failures by itself.
        reported: set[Any] = getattr(plugin("terminalreporter"), "_progress_nodeids_reported", set())
        before = set(reported)
        if reported:
            reported.pop()
        self.config.hook.pytest_runtest_logreport(report=report)
        reported.clear()
        reported |= before
        distributing: Any = plugin("dsession")
        if distributing and self._session and self._session.shouldfail:
            distributing.shouldstop = self._session.shouldfail

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        self._session = session

    # -- the session ------------------------------------------------------

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        node.workerinput[DIST] = self.config.getoption("dist")
        if self.exchange and node.gateway.spec.popen:  # on this machine
            node.workerinput[_INPUT] = str(self.exchange.folder)

    @pytest.hookimpl(optionalhook=True, trylast=True)
    def pytest_handlecrashitem(self, sched: Any) -> None:
        pending = getattr(sched, "pending", None)
        if isinstance(pending, list):
            pending.sort()  # what a dead worker leaves was put last, though others wait for its outcome

    @pytest.hookimpl(tryfirst=True)  # before the JUnit file is written
    def pytest_sessionfinish(self) -> None:
        from _pytest.junitxml import xml_key

        xml = self.config.stash.get(xml_key, None)
        if xml is not None:
            for group in self.groups.values():
                xml.add_global_property("jevons.verdict", f"{group.spec.name}: {group.sequence}")

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if not self.groups:
            return
        terminalreporter.write_sep("=", "jevons: verdicts")
        width = min(terminalreporter._tw.fullwidth, 100)
        counting = self.config.pluginmanager.has_plugin("jevons_session")
        for (worker, name), group in sorted(self.groups.items()):
            terminalreporter.write_line(f"{name} ({worker})" if worker else name)
            lines = verdict_words.told(group, self.mode, self.stopped, counting, self._most(10))
            terminalreporter.write_line(verdict_words.wrapped(lines, width))
        together = verdict_words.families(self.groups.values())
        if together:
            terminalreporter.write_line(together)

    def pytest_unconfigure(self) -> None:
        self._remember()
        if self.exchange and not self.worker:
            self.exchange.remove()

    def _remember(self) -> None:
        """Have ``--lf`` run all items of a verdict that is not passed: part of them would be another list."""
        cache = getattr(self.config, "cache", None)
        if cache is None or self.worker or not self.groups:
            return
        failed: dict[str, bool] = cache.get("cache/lastfailed", {})
        whole: set[str] = set(cache.get(_WHOLE, []))
        for group in self.groups.values():
            whole.discard(group.spec.name)
            for name in (group.spec.name, *group.order) if self.mode != "off" else ():
                failed.pop(name, None)
            if group.told:
                failed |= dict.fromkeys(group.order, True)
                whole |= {group.spec.name} if not group.spec.selected else set()
        cache.set("cache/lastfailed", failed)
        cache.set(_WHOLE, sorted(whole))
