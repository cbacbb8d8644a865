"""The interceptor that answers from the store, records what is new, and keeps one request from being sent twice."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from jevons.capture.interceptor import Answer, Asked, Later
from jevons.capture.recorder import Exchange
from jevons.cut.replay.request import Request, request
from jevons.cut.replay.store import DamagedError, Lock, Recording, Store, answer_of
from jevons.record import Call
from jevons.wire.base import Reader
from jevons.wire.match import READERS
from jevons.wire.sse import plain

NEUTRAL = frozenset({"embeddings", "rerank", "moderation"})
"""Kinds of calls whose answer to the same request is the same: replayed without asking."""
REFUSED = frozenset({400, 404, 413, 422})
"""Statuses that say of a request, not of the moment, that it cannot be answered."""
_PASSING = re.compile(
    rb"credit|billing|quota|balance|rate.?limit|overload|try again|api.?key|credential|token.{1,20}(expired|invalid)|"
    rb"permission|access|subscri|region|country|location|pull",
    re.IGNORECASE,
)
"""What a refusal says that is of the moment, the account or the place all the same."""
_NEVER = "it was never recorded"
_POLL_S = 0.02
_PATIENCE_S = 300.0
"""Longest wait for another's answer to the same request."""
_SETTINGS = ("generationConfig", "generation_config", "inferenceConfig", "options", "parameters")
"""Fields of a body that hold its temperature, where it does not itself."""
_LAST = b"data: [DONE]"
"""After which OpenAI's SDK reads no further, so that nobody sees the end behind it."""
_MOST_DAMAGED = 5


class ReplayMiss(BaseException):
    """A call was not sent, as asked: nothing that may answer it is recorded.

    No `Exception`: SDKs try again after those, and give their users an error of the connection instead.
    """

    __module__ = "jevons"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What all processes of a run share."""

    mode: str
    folder: str
    new: bool
    """Whether nothing was recorded when the run began."""
    max_age_s: float
    temperature_zero: bool = False
    redact: tuple[str, ...] = ()


class _Sent(NamedTuple):
    """A request under way whose answer is to be kept."""

    asked: Request
    lock: Lock | None
    process: int
    """Who sent it: a fork inherits this, and must not keep what it cannot have read whole."""


class Done(msgspec.Struct):
    """What replay did in one process."""

    replayed: int = 0
    recorded: int = 0
    waited: int = 0
    """Requests that another had under way, and whose answer they took."""
    aged: int = 0
    """Recordings that were too old, and so recorded anew."""
    missed: int = 0
    """Calls that were not sent."""
    damaged: list[str] = []
    failed: str = ""
    """Why something could not be recorded."""

    def merge(self, other: Done) -> None:
        """Add what another process did."""
        self.replayed += other.replayed
        self.recorded += other.recorded
        self.waited += other.waited
        self.aged += other.aged
        self.missed += other.missed
        self.damaged += other.damaged
        self.failed = self.failed or other.failed


class Replay:
    """Answers from a store: an `Interceptor` of `jevons.capture`. `error` is raised where nothing may be sent."""

    def __init__(self, plan: Plan, error: type[ReplayMiss] = ReplayMiss) -> None:
        self.plan = plan
        self.store = Store(Path(plan.folder), plan.redact)
        self.done = Done()
        self._error = error

    def before(self, exchange: Exchange) -> Asked:
        """A recorded answer; `Later` while another asks the same; None to send it. Raises ReplayMiss."""
        __tracebackhide__ = True
        try:
            return self._found(exchange)
        except Exception as error:
            if exchange.scope.replay != "live" and self._nothing_new:  # even where jevons itself fails
                raise self._refused(f"jevons failed ({type(error).__name__}: {error})") from error
            raise

    @property
    def _nothing_new(self) -> bool:
        """Whether nothing may be sent that is not recorded."""
        return self.plan.mode == "none" or (self.plan.mode == "once" and not self.plan.new)

    def _found(self, exchange: Exchange) -> Asked:
        __tracebackhide__ = True
        plan, marked = self.plan, exchange.scope.replay
        if marked == "live":
            return None
        asked = self._asked(exchange)
        why_not = "its body cannot be read" if asked is None else self._not_eligible(exchange, asked, marked)
        if asked is None or why_not:
            if plan.mode == "none":
                raise self._refused(
                    f"it is not replayed, as {why_not}. {exchange.method} {exchange.host}"
                    f"{exchange.path.partition('?')[0]}\n"
                    "Mark the test with @pytest.mark.jevons_replay to replay all its calls, or with "
                    "@pytest.mark.jevons_live to let them out."
                )
            return None
        if plan.mode == "all":
            exchange.kept = _Sent(asked, None, os.getpid())
            return None
        found, why = self._recorded(asked)
        if found is not None:
            return self._answer(exchange, found)
        if self._nothing_new:
            raise self._refused(self._missed(asked, why))
        return self._alone(exchange, asked)

    def _asked(self, exchange: Exchange) -> Request | None:
        """What is asked; None where it cannot be told, or where nothing but a server can answer."""
        if exchange.asked is None:
            return None
        return request(exchange.method, exchange.host, exchange.port, exchange.path, exchange.asked(), exchange.request)

    def _not_eligible(self, exchange: Exchange, asked: Request, marked: str) -> str:
        """Why a call is not replayed; empty where it is."""
        if marked == "any":
            return ""
        reader = READERS.get(exchange.match.reader)
        if reader is None:
            return "it is none of a kind that is replayed"
        kind = reader.kind
        if kind in NEUTRAL and (exchange.match.provider != "unknown" or _speaks(reader, asked.document)):
            return ""
        if self.plan.temperature_zero and _temperature(asked.document) == 0:
            return ""
        return f"answers of {kind} calls differ from time to time"

    def _recorded(self, asked: Request) -> tuple[Recording | None, str]:
        """The recording that may answer, or why there is none."""
        try:
            found = self.store.get(asked.key)
        except DamagedError as error:
            if len(self.done.damaged) < _MOST_DAMAGED:
                self.done.damaged.append(str(error))
            return None, f"its recording cannot be used ({error})"
        if found is None:
            return None, _NEVER
        age_s = time.time() - found.recorded_us / 1e6
        if age_s > self.plan.max_age_s:
            self.done.aged += 1
            return None, f"its recording is {age_s / 86_400:.0f} days old (setting max-age-days)"
        return found, ""

    def _since_then(self, asked: Request) -> Recording | None:
        """What was recorded between the first look and the lock."""
        with suppress(DamagedError):
            found = self.store.get(asked.key)
            if found is not None and time.time() - found.recorded_us / 1e6 <= self.plan.max_age_s:
                return found
        return None

    def _answer(self, exchange: Exchange, found: Recording) -> Answer:
        if exchange.kept is not None:  # since when it waits
            exchange.kept = None
            self.done.waited += 1
        self.done.replayed += 1
        self.store.used(found.key)
        return answer_of(found)

    def _alone(self, exchange: Exchange, asked: Request) -> Asked:
        """Send it, unless another is at it."""
        try:
            lock = self.store.lock(asked.key)
        except OSError as error:
            self.done.failed = self.done.failed or f"{self.store.folder}: {error.strerror}"
            return None
        if lock is not None:
            found = self._since_then(asked)
            if found is not None:
                lock.release()
                return self._answer(exchange, found)
            lock.exchange = exchange
            exchange.kept = _Sent(asked, lock, os.getpid())
            return None
        since = exchange.kept = exchange.kept or time.monotonic()
        holder = self.store.holder(asked.key)
        if time.monotonic() - since > _PATIENCE_S or (holder is not None and holder.endless(exchange, since)):
            exchange.kept = None
            return None
        return Later(_POLL_S)

    def finished(self, exchange: Exchange, call: Call) -> None:
        """Keep the answer, if it came whole."""
        sent, exchange.kept = exchange.kept, None
        if not isinstance(sent, _Sent) or sent.process != os.getpid():
            return
        try:
            answer = None if call.error else _whole(exchange)
            if answer is not None:
                fault = self.store.put(sent.asked, answer, time.time_ns() // 1_000)
                self.done.failed = self.done.failed or fault
                self.done.recorded += not fault
        except OSError as error:
            self.done.failed = self.done.failed or f"{self.store.folder}: {error.strerror}"
        finally:
            if sent.lock is not None:
                sent.lock.release()

    def after(self, call: Call, out: bool) -> None:
        """Nothing: what is kept was kept when the exchange finished."""

    def dropped(self, exchange: Exchange) -> None:
        """Let others ask."""
        sent, exchange.kept = exchange.kept, None
        if isinstance(sent, _Sent) and sent.lock is not None:
            sent.lock.release()

    def _refused(self, why: str) -> ReplayMiss:
        self.done.missed += 1
        return self._error(f"this call was not sent, as --jevons-replay={self.plan.mode} asks: {why}")

    def _missed(self, asked: Request, why: str) -> str:
        lines = [f"{why}. {asked.method} {asked.host}{self.store.clean(asked.path)}"]
        near = self.store.nearest(asked) if why == _NEVER else None
        if near is None and why == _NEVER:
            lines.append(f"Nothing of this address is recorded in {self.store.folder}.")
        if near is not None:
            recording, difference = near
            day = time.strftime("%Y-%m-%d", time.gmtime(recording.recorded_us / 1e6))
            lines += [
                f"The nearest recorded request (-) is of {day}, in {self.store.path(recording.key)}:",
                difference or "(in nothing shown here)",
            ]
        lines.append(
            "To record it: --jevons-replay=new_episodes. To let this test's calls out: @pytest.mark.jevons_live."
        )
        return "\n".join(lines)


def _whole(exchange: Exchange) -> Answer | None:
    """The answer of an exchange, if it is to be kept: live, read to its end, a success with no error in it, or a
    refusal that will stand."""
    status = exchange.status
    if exchange.mode != "live" or exchange.error or status is None:
        return None
    refused = status in REFUSED and exchange.answer is not None
    if not refused and not 200 <= status < 300:
        return None
    came = [piece for _, piece in exchange.pieces] if exchange.answer is None else [exchange.answer]
    coding = exchange.encoding.strip().lower() if exchange.answer is None else ""
    pieces = came if coding in ("", "identity") else plain(came, coding)
    known = pieces is came or coding in ("gzip", "zstd") or (coding in ("deflate", "br") and pieces != came)
    if not known or len(pieces) != len(came):  # nobody here can undo it
        return None
    body = b"".join(pieces)
    if exchange.answer is None and not exchange.ended and not body.rstrip().endswith(_LAST):
        return None
    if exchange.headers.get("content-type", "").startswith("text/html"):
        return None
    if _PASSING.search(body) if refused else _tells_an_error(body):
        return None
    return Answer(status, tuple(exchange.told), tuple(pieces))


def _tells_an_error(body: bytes) -> bool:
    """Whether a success tells of a failure: in its one document, in an event of its stream."""
    if b":exception-type" in body:  # application/vnd.amazon.eventstream
        return True
    if b'"error"' not in body and b'"failed"' not in body:
        return False
    for line in (body, *body.splitlines()):
        with suppress(msgspec.DecodeError, RecursionError):
            said = msgspec.json.decode(line.removeprefix(b"data:"))
            for told in (said, said.get("response")) if isinstance(said, dict) else ():
                if isinstance(told, dict) and (
                    told.get("error") or told.get("type") == "error" or told.get("status") == "failed"
                ):
                    return True
    return False


def _speaks(reader: Reader, document: Any) -> bool:
    """Whether a body is of a format that anybody's path suggests."""
    return isinstance(document, dict) and (reader.items in document or not reader.head.isdisjoint(document))


def _temperature(document: Any) -> float | None:
    """The temperature that a request asks for."""
    if not isinstance(document, Mapping):
        return None
    for holder in (document, *(document.get(name) for name in _SETTINGS)):
        if isinstance(holder, Mapping):
            value = holder.get("temperature")
            if isinstance(value, int | float) and not isinstance(value, bool):
                return float(value)
    return None
