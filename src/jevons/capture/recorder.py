"""From a request seen by a tap to a finished `Call`."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from itertools import count

from jevons import wire
from jevons.capture import meter, scope
from jevons.capture.site import Site
from jevons.record import Call

_LOCAL = frozenset({"loopback", "process"})
_BLOCKED = frozenset({"CannotOverwriteExistingCassetteException", "UnhandledHTTPRequestError"})
"""vcrpy refuses a request that its cassette does not hold: nothing leaves the machine."""
_NEVER_SENT = _BLOCKED | {"ConnectError", "ConnectTimeout", "PoolTimeout", "UnsupportedProtocol", "RuntimeError"}
"""Failures before a server could begin to work (RuntimeError: the client was closed, or the network is blocked)."""
_MAX_FAILURES = 1_000
_MAX_ERRORS = 20

active: Recorder | None = None
"""The recorder of this process while taps are laid."""

in_flight: ContextVar[Exchange | None] = ContextVar("jevons_in_flight", default=None)
"""The exchange whose request is being answered in this context."""


class Recorder:
    """Makes calls out of exchanges and hands them to a sink.

    A process that forks goes on under a token of its own, so that ids stay unique.
    """

    def __init__(self, sink: Callable[[Call], object], *, run: str, site: Site, secret: bytes) -> None:
        self.sink = sink
        self.run = run
        self.site = site
        self.secret = secret
        self.meter = meter.Meter()
        self.errors: list[str] = []
        self._open: dict[int, Exchange] = {}
        self._failures: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()
        self._fresh()
        if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
            os.register_at_fork(after_in_child=self._fresh)

    def _fresh(self) -> None:
        self._token = f"{self.run}-{os.getpid():x}{os.urandom(3).hex()}"
        self._numbers = count(1)
        self._lock = threading.Lock()
        self._open.clear()

    def open(
        self, source: str, method: str, host: str, path: str, headers: Mapping[str, str], depth: int = 4
    ) -> Exchange | None:
        """Begin an exchange, or None if this is no AI request."""
        match = wire.find(method, host, path)
        if match is None:
            return None
        return Exchange(self, source, match, method, host, path, headers, self.site.look(depth))

    def stamp(self, call: Call, of: scope.Scope, judge: bool) -> None:
        """Fill in what a call has from where it was made: ids, test, role."""
        number = next(self._numbers)
        call.id = f"{self._token}-{number}"
        call.index = number
        call.run = self.run
        call.test, call.attempt, call.phase, call.fixture = of.test, of.attempt, of.phase, of.fixture
        if judge:
            call.role = "judge"
        elif of.fixture or of.phase in ("setup", "teardown"):
            call.role = "set-up"

    def emit(self, call: Call) -> None:
        """Hand a finished call to the sink."""
        try:
            self.sink(call)
        except Exception as error:
            self.note_error(error)

    def retry_number(self, call: Call, said: str | None) -> int:
        """The n of an n-th retry: as the SDK says, else by failures of the same request in this test."""
        place = (call.test, call.request_hash)
        number = int(said) if said and said.isdecimal() else self._failures.get(place, 0)
        with self._lock:
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

    def forget(self, exchange: Exchange) -> None:
        """Its stream is closed."""
        self._open.pop(id(exchange), None)

    def flush(self, of: scope.Scope | None = None) -> None:
        """Finish open exchanges: all, or those of one scope."""
        for exchange in list(self._open.values()):
            if of is None or exchange.scope is of:
                exchange.finish()


class Exchange:
    """One request under way, from its sending to the last byte of its answer."""

    __slots__ = (
        "_done",
        "encoding",
        "ended",
        "error",
        "file",
        "headers",
        "host",
        "judge",
        "line",
        "match",
        "metered",
        "method",
        "mode",
        "path",
        "pieces",
        "recorder",
        "request",
        "scope",
        "source",
        "start_ns",
        "started_us",
        "status",
    )

    def __init__(
        self,
        taken: Recorder,
        source: str,
        match: wire.Match,
        method: str,
        host: str,
        path: str,
        headers: Mapping[str, str],
        site: tuple[str, int, bool],
    ) -> None:
        self.recorder = taken
        self.source = source
        self.match = match
        self.method = method
        self.host = host
        self.path = path
        self.headers = headers
        self.scope = scope.current()
        self.mode = "live"
        self.status: int | None = None
        self.error = ""
        self.request = b""
        self.encoding = ""
        self.ended = False
        self.pieces: list[tuple[int, bytes]] = []
        self.file, self.line, self.judge = site
        self.started_us = time.time_ns() // 1_000
        self._done = False
        self.metered = taken.meter.begin() if match.host_class in _LOCAL else None
        self.start_ns = time.perf_counter_ns()

    def watch(self) -> None:
        """The answer is a stream: it will end later, or never."""
        self.recorder.watch(self)

    def fail(self, error: BaseException) -> None:
        """No answer came, or its stream broke."""
        self.error = self.error or type(error).__name__
        if self.error in _BLOCKED:
            self.mode = "mocked"
        self.finish()

    def finish(self, response: bytes | None = None) -> None:
        """The answer is complete (or will never be): make the call and hand it over. Works once."""
        if self._done:
            return
        self._done = True
        taken = self.recorder
        try:
            taken.forget(self)
            # A reader that dawdles over a stream must not make the model look slow.
            end_ns = self.pieces[-1][0] if self.pieces else time.perf_counter_ns()
            call = Call(id="", run="", source=self.source)
            if self.metered is not None:
                call.measured_mj, call.cpu_us = taken.meter.end(self.metered)
            taken.stamp(call, self.scope, self.judge)
            call.file, call.line = self.file, self.line
            call.mode, call.status, call.error = self.mode, self.status, self.error
            call.started_us = self.started_us
            call.duration_us = max(end_ns - self.start_ns, 0) // 1_000
            wire.read(
                call,
                self.match,
                method=self.method,
                host=self.host,
                path=self.path,
                request=self.request,
                request_headers=self.headers,
                response=response,
                pieces=self.pieces if response is None and self.status is not None else None,
                start_ns=self.start_ns,
                encoding=self.encoding,
                secret=taken.secret,
            )
            if call.error == "cut" and not self.ended:
                call.error = ""  # the client left early, which is its right
            if self.status is None and self.error in _NEVER_SENT:
                call.usage, call.input_tokens, call.output_tokens = "reported", 0, 0
            if self.status is not None and self.status >= 400 and not call.error:
                call.error = f"http_{self.status}"
            if call.mode == "mocked" or call.mode == "replayed":
                # What this machine spent meanwhile is not a model's work.
                call.measured_mj = call.cpu_us = None
            call.retry = taken.retry_number(call, self.headers.get("x-stainless-retry-count"))
            taken.emit(call)
        except Exception as error:
            taken.note_error(error)
