"""From a request seen by a tap to a finished `Call`."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from itertools import count
from typing import Any
from urllib.parse import unquote

from jevons import wire
from jevons.capture import meter, scope
from jevons.capture.interceptor import Answer, Asked, Interceptor, Later
from jevons.capture.site import Site
from jevons.record import Call

_LOCAL = frozenset({"loopback", "process"})
_BLOCKED = frozenset({"CannotOverwriteExistingCassetteException", "UnhandledHTTPRequestError"})
"""vcrpy refuses a request that its cassette does not hold: nothing leaves the machine."""
_NEVER_SENT = _BLOCKED | {
    *("ConnectError", "ConnectTimeout", "PoolTimeout", "UnsupportedProtocol", "RuntimeError"),  # httpx
    *("NewConnectionError", "NameResolutionError", "ConnectTimeoutError"),  # urllib3
    *("EmptyPoolError", "ClosedPoolError"),
    *("ClientConnectorError", "ClientConnectorDNSError", "ConnectionTimeoutError", "InvalidUrlClientError"),  # aiohttp
    *("ConnectionRefusedError", "gaierror"),  # urllib.request
}
"""Failures before a server could begin to work (RuntimeError: the client was closed, or the network is blocked)."""
_BATCH = 16
_AT_ONCE_NS = 50_000_000
_MAX_FAILURES = 1_000
_MAX_ERRORS = 20

active: Recorder | None = None
"""The recorder of this process while taps are laid."""

in_flight: ContextVar[Exchange | None] = ContextVar("jevons_in_flight", default=None)
"""The exchange whose request is being answered in this context."""


def covered(host: str, path: str) -> bool:
    """Whether a tap further out sees this very request already (httpx over aiohttp).

    Another request made meanwhile, by an app that answers inside this process, is a call of its own.
    """
    outer = in_flight.get()
    return outer is not None and outer.host == host and _plain(outer.path) == _plain(path)


def _plain(path: str) -> str:
    return unquote(path.partition("?")[0])


Headers = Callable[[], Mapping[str, str]]
"""Gives a request's headers, names in lower case."""


def going_out(host: str, port: int | None = None, headers: Headers | None = None) -> Asked:
    """A request leaves this process for `host`: if the exchange in flight sends it, the interceptor is asked.

    Called beneath recordings and mocks, so that what they answer never comes here. An exchange that goes out again
    (redirects, pieces of an authentication) is asked about once. Returns what `Interceptor.before` does; raises what it
    raises to stop the request.
    """
    __tracebackhide__ = True  # what a test shows then is its own call
    exchange = in_flight.get()
    if exchange is None or exchange.out or exchange.done or exchange.host.lower() != host.lower():
        return None
    taken = exchange.recorder
    if taken.interceptor is None:
        return None
    found: Asked = None
    try:
        exchange.port, exchange.asked = port, headers
        found = taken.interceptor.before(exchange)
    except Exception as error:
        taken.note_error(error)
    except BaseException:
        exchange.drop()  # it was not sent: no call
        raise
    if found is None:
        exchange.out = True
    elif isinstance(found, Answer):
        exchange.mode = "replayed"
    return found


def answered(host: str, port: int | None = None, headers: Headers | None = None) -> Answer | None:
    """`going_out` for threads: waits where the interceptor says that it does not know yet."""
    __tracebackhide__ = True
    exchange = in_flight.get()
    if exchange is not None:
        exchange.blocking = True
    while isinstance(found := going_out(host, port, headers), Later):
        time.sleep(found.seconds)
    return found


class Recorder:
    """Makes calls out of exchanges and hands them to a sink.

    A finished exchange is read, hashed and handed over at once if it took as long as a model far away does.
    Fast ones (local servers, recordings, mocks) wait for each other, for a moment or until their test's phase
    ends: a batch costs a third of its calls one by one, whose code and data the processor has to fetch anew
    each time. So a process killed in mid-test (SIGKILL, a segfault) loses at most the last `_BATCH` - 1 fast calls;
    ``os._exit`` hands them over first.

    A process that forks goes on under a token of its own, so that ids stay unique.
    """

    def __init__(
        self,
        sink: Callable[[Call], object],
        *,
        run: str,
        site: Site,
        secret: bytes,
        interceptor: Interceptor | None = None,
    ) -> None:
        self.sink = sink
        self.interceptor = interceptor
        self.run = run
        self.site = site
        self.secret = secret
        self.errors: list[str] = []
        self.batch = _BATCH if interceptor is None else 1  # what it is to count, it must know at once
        self.failing = False
        """Whether any exchange has failed: from then on requests are asked whether they are retries."""
        self._failures: dict[tuple[str, str], int] = {}
        self._fresh()
        if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
            os.register_at_fork(after_in_child=self._fresh)

    def _fresh(self) -> None:
        self._token = f"{self.run}-{os.getpid():x}{os.urandom(3).hex()}"
        self._numbers = count(1)
        self.meter = meter.Meter()
        # After a fork these are the parent's, which goes on with them.
        self._open: dict[int, Exchange] = {}
        self._waiting: deque[Exchange] = deque()

    def open(
        self, source: str, method: str, host: str, path: str, depth: int = 4, port: int | None = None
    ) -> Exchange | None:
        """Begin an exchange, or None if this is no AI request."""
        match = wire.find(method, host if port is None or ":" in host else f"{host}:{port}", path)
        if match is None:
            return None
        return Exchange(self, source, match, method, host, path, self.site.look(depth))

    def stamp(self, call: Call, of: scope.Scope, phase: str, judge: bool) -> None:
        """Fill in what a call has from where it was made: ids, test, role."""
        number = next(self._numbers)
        call.id = f"{self._token}-{number}"
        call.index = number
        call.run = self.run
        call.test, call.attempt, call.phase, call.fixture = of.test, of.attempt, phase, of.fixture
        if judge:
            call.role = "judge"
        elif of.fixture or phase in ("setup", "teardown"):
            call.role = "set-up"

    def emit(self, call: Call, out: bool = False) -> None:
        """Hand a finished call to the sink."""
        try:
            try:
                self.sink(call)
            finally:
                if self.interceptor is not None:
                    self.interceptor.after(call, out)
        except Exception as error:
            self.note_error(error)

    def retry_number(self, call: Call, said: str) -> int:
        """The n of an n-th retry: as the SDK says, else by failures of the same request in this test."""
        if not self._failures and not call.failed:
            return 0
        place = (call.test, call.request_hash)
        number = int(said) if said.isdecimal() else self._failures.get(place, 0)
        if call.failed and len(self._failures) < _MAX_FAILURES:
            self._failures[place] = number + 1
        else:
            self._failures.pop(place, None)
        return number

    def note_error(self, error: BaseException) -> None:
        """Remember that jevons itself failed on a call: shown in the report, never raised."""
        if len(self.errors) < _MAX_ERRORS:
            trace = error.__traceback__
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            where = f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace else "?"
            self.errors.append(f"{type(error).__name__} at {where}")

    def watch(self, exchange: Exchange) -> None:
        """Keep an exchange whose stream is still open."""
        self._open[id(exchange)] = exchange

    def finished(self, exchange: Exchange) -> None:
        """Take a finished exchange; hand it over now or with the next few."""
        self._open.pop(id(exchange), None)
        waiting = self._waiting
        waiting.append(exchange)
        if exchange.error or (exchange.status or 0) >= 400:
            self.failing = True
        oldest = waiting[0].start_ns if waiting else 0
        if exchange.end_ns - oldest > _AT_ONCE_NS or len(waiting) >= self.batch:
            self.settle()

    def settle(self) -> None:
        """Hand over what waits."""
        while self._waiting:
            try:
                exchange = self._waiting.popleft()
            except IndexError:  # another thread took it
                break
            exchange.settle()

    def flush(self, of: scope.Scope | None = None) -> None:
        """Finish open exchanges (all, or those of one scope) and hand over what waits."""
        for exchange in list(self._open.values()):
            if of is None or exchange.scope is of:
                exchange.finish()
        self.settle()


class Exchange:
    """One request under way, from its sending to the last byte of its answer."""

    # What most exchanges keep stands here once, so that making one costs little.
    mode = "live"
    status: int | None = None
    error = ""
    request = b""
    answer: bytes | None = None
    encoding = ""
    headers: Mapping[str, str] = {}
    told: Sequence[tuple[str, str]] = ()
    """An answer's headers as they came, if an interceptor let the request go out."""
    ended = False
    """Whether a stream was read to its end."""
    said_retry = ""
    """What the SDK says of itself, as text."""
    pieces: Sequence[tuple[int, bytes]] = ()
    end_ns = 0
    _begun: meter.Shares | None = None
    _spent: tuple[int | None, int | None] = (None, None)
    done = False
    """Whether it was finished or dropped."""
    out = False
    """Whether an interceptor let it go out."""
    port: int | None = None
    """Known once it goes out, as are its headers."""
    asked: Headers | None = None
    """None where nobody but a server can answer."""
    blocking = False
    """Whether its thread does nothing else until it is answered."""
    kept: Any = None
    """What an interceptor keeps of it."""

    def __init__(
        self,
        taken: Recorder,
        source: str,
        match: wire.Match,
        method: str,
        host: str,
        path: str,
        site: tuple[str, int, bool],
    ) -> None:
        self.recorder = taken
        self.source = source
        self.match = match
        self.method = method
        self.host = host
        self.path = path
        self.site = site
        self.scope = running = scope.current()
        self.phase = running.phase  # now: the scope goes on to the next
        self.started_us = time.time_ns() // 1_000
        if match.host_class in _LOCAL:
            self._begun = taken.meter.begin()
        self.start_ns = time.perf_counter_ns()

    def take_headers(self, headers: Any) -> None:
        """Keep an answer's headers, where its format says something in them or an interceptor went by."""
        if self.match.reader in wire.WITH_HEADERS or self.out:
            self.headers = {name.lower(): value for name, value in headers.items()}
        if self.out:  # as they came: SDKs show them so
            raw = getattr(headers, "raw", None)
            self.told = (
                [(n.decode("latin-1"), v.decode("latin-1")) for n, v in raw]
                if raw
                else [(str(n), str(v)) for n, v in headers.items()]
            )

    def watch(self) -> list[tuple[int, bytes]]:
        """The answer is a stream, which will end later, or never: the list for its pieces, with their times."""
        self.recorder.watch(self)
        pieces: list[tuple[int, bytes]] = []
        self.pieces = pieces
        return pieces

    def fail(self, error: BaseException) -> None:
        """No answer came, or its stream broke."""
        self.error = self.error or type(error).__name__
        if self.error in _BLOCKED:
            self.mode = "mocked"
        self.finish()

    def finish(self, answer: bytes | None = None) -> None:
        """The answer is complete (or will never be). Works once."""
        if self.done:
            return
        self.done = True
        try:
            # A reader that dawdles over a stream must not make the model look slow.
            self.end_ns = self.pieces[-1][0] if self.pieces else time.perf_counter_ns()
            if self._begun is not None:
                self._spent = self.recorder.meter.end(self._begun)
            self.answer = answer
            self.recorder.finished(self)
        except Exception as error:
            self.recorder.note_error(error)

    def drop(self) -> None:
        """This was no call after all: a redirect, which another request follows."""
        if not self.done:
            self.done = True
            if self._begun is not None:
                self.recorder.meter.end(self._begun)
            if self.out and self.recorder.interceptor is not None:
                self.recorder.interceptor.dropped(self)

    def settle(self) -> None:
        """Make the call and hand it over."""
        taken = self.recorder
        try:
            call = Call(id="", run="", source=self.source)
            call.file, call.line, judge = self.site
            taken.stamp(call, self.scope, self.phase, judge)
            call.mode, call.status, call.error = self.mode, self.status, self.error
            call.started_us = self.started_us
            call.duration_us = max(self.end_ns - self.start_ns, 0) // 1_000
            wire.read(
                call,
                self.match,
                method=self.method,
                host=self.host,
                path=self.path,
                request=self.request,
                response=self.answer,
                pieces=self.pieces if self.answer is None and self.status is not None else None,
                start_ns=self.start_ns,
                encoding=self.encoding,
                headers=self.headers,
                secret=taken.secret,
            )
            self._tell(call)
            if call.error == "cut" and call.streamed and not self.ended:
                call.error = ""  # the client left early, which is its right
            if self.status is None and self.error in _NEVER_SENT:
                call.usage, call.input_tokens, call.output_tokens = "reported", 0, 0
            if self.status is not None and self.status >= 400 and not call.error:
                call.error = f"http_{self.status}"
            if call.mode == "live":  # of a replay or a mock, what this machine spent is not a model's work
                call.measured_mj, call.cpu_us = self._spent
            call.retry = taken.retry_number(call, self.said_retry)
            taken.emit(call, self.out)
        except Exception as error:
            taken.note_error(error)

    def _tell(self, call: Call) -> None:
        """What went out has ended, and what was read of it is in `call`."""
        if self.out and self.recorder.interceptor is not None:
            try:
                self.recorder.interceptor.finished(self, call)
            except Exception as error:
                self.recorder.note_error(error)
