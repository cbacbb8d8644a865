"""Calls that no tap can see, told by the suite: models that run inside the process."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any

from jevons.capture import recorder, scope
from jevons.record import Call


def record_call(
    *,
    model: str,
    provider: str = "local",
    kind: str = "chat",
    input_tokens: int | None = None,
    output_tokens: int | None = None,
    cached_tokens: int | None = None,
    reasoning_tokens: int | None = None,
    characters: int = 0,
    images: int = 0,
    audio_s: float = 0.0,
    duration_s: float = 0.0,
    energy_j: float | None = None,
    role: str | None = None,
    host_class: str = "process",
    failed: bool = False,
) -> None:
    """Record one call to a model that jevons cannot see by itself. Does nothing while jevons is off.

    Parameters
    ----------
    model, provider, kind
        As in `jevons.record.Call`.
    input_tokens, output_tokens, cached_tokens, reasoning_tokens
        Tokens; input includes cached, output includes reasoning. None: unknown.
    characters, images, audio_s
        Sizes where tokens are unknown; audio in seconds.
    duration_s
        Seconds that the call took.
    energy_j
        Joules, if you measured them.
    role
        ``product``, ``judge`` or ``set-up``; found from the call site if None.
    host_class
        ``process`` (this process), ``loopback``, ``private`` or ``cloud``.

    Raises
    ------
    ValueError
        For a negative or inconsistent count: a wrong fact cannot be mended later.
    """
    taken = recorder.active
    if taken is None:
        return
    call = Call(id="", run="", source="record_call")
    call.started_us = time.time_ns() // 1_000 - round(duration_s * 1e6)
    call.duration_us = round(duration_s * 1e6)
    call.measured_mj = None if energy_j is None else round(energy_j * 1e3)
    call.audio_ms = round(audio_s * 1e3)
    call.model, call.provider, call.kind, call.host_class = model, provider, kind, host_class
    call.input_tokens, call.output_tokens = input_tokens, output_tokens
    call.cached_tokens, call.reasoning_tokens = cached_tokens, reasoning_tokens
    call.characters, call.images = characters, images
    call.error = "failed" if failed else ""
    _emit(taken, call, role)


class measure:
    """Measure a block in which one model call runs inside this process.

    >>> with jevons.measure(model="all-MiniLM-L6-v2", kind="embeddings") as call:
    ...     vectors = model.encode(sentences)
    ...     call.input_tokens = 420

    Time, processor time and (where readable) joules are taken over the block;
    set token counts on the object. An exception makes the call a failed one
    and passes on. Does nothing while jevons is off.
    """

    def __init__(self, *, model: str, provider: str = "local", kind: str = "chat", role: str | None = None) -> None:
        self.input_tokens: int | None = None
        self.output_tokens: int | None = None
        self.cached_tokens: int | None = None
        self.reasoning_tokens: int | None = None
        self.characters = 0
        self.images = 0
        self._asked = (model, provider, kind, role)
        self._metered: Any = None

    def __enter__(self) -> measure:
        self._taken = recorder.active
        if self._taken is not None:
            self._started_us = time.time_ns() // 1_000
            self._metered = self._taken.meter.begin()
            self._start_ns = time.perf_counter_ns()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        taken = self._taken
        if taken is None:
            return
        call = Call(id="", run="", source="measure", host_class="process")
        call.duration_us = (time.perf_counter_ns() - self._start_ns) // 1_000
        call.measured_mj, call.cpu_us = taken.meter.end(self._metered)
        call.started_us = self._started_us
        call.model, call.provider, call.kind, role = self._asked
        call.input_tokens, call.output_tokens = self.input_tokens, self.output_tokens
        call.cached_tokens, call.reasoning_tokens = self.cached_tokens, self.reasoning_tokens
        call.characters, call.images = self.characters, self.images
        call.error = "" if kind is None else kind.__name__
        try:
            _emit(taken, call, role)
        except ValueError:
            if kind is None:  # the block's own exception matters more
                raise


def _emit(taken: recorder.Recorder, call: Call, role: str | None) -> None:
    counts = (call.input_tokens, call.output_tokens, call.cached_tokens, call.reasoning_tokens, call.images)
    if any(count is not None and (not isinstance(count, int) or count < 0) for count in counts):
        raise ValueError(f"a count of {call.model!r} is negative or no whole number: {counts}")
    if (call.cached_tokens or 0) > (call.input_tokens or 0) or (call.reasoning_tokens or 0) > (call.output_tokens or 0):
        raise ValueError(f"{call.model!r}: cached tokens are part of input_tokens, reasoning of output_tokens")
    if role not in (None, "product", "judge", "set-up"):
        raise ValueError(f"role is 'product', 'judge' or 'set-up', not {role!r}")
    call.usage = "unknown" if call.input_tokens is None and call.output_tokens is None else "reported"
    call.file, call.line, judge = taken.site.look(2)
    here = scope.current()
    taken.stamp(call, here, here.phase, judge)
    if role is not None:
        call.role = role
    taken.emit(call)
