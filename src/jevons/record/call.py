"""One request to an AI model, as facts."""

from __future__ import annotations

import msgspec


class Call(msgspec.Struct, kw_only=True, omit_defaults=True, tag_field="event", tag="call"):
    """One request to an AI model.

    Token counts follow OpenTelemetry's GenAI semantic conventions (v1.41,
    ``gen_ai.usage.*``): input includes cached and cache-written tokens, output
    includes reasoning. ``None`` means unknown and is never read as zero.
    Durations come from a monotonic clock, so a clock that jumps cannot make
    them negative; only ``started_us`` is wall-clock time.
    """

    # -- which call ---------------------------------------------------------
    id: str
    """Unique for ever: run, process and number. Merging ledgers relies on it."""
    run: str
    """Id of the `Run` that made it."""
    source: str = ""
    """What saw it: ``httpx``, ``httpx2``, ``record_call``, ``measure``, or a recording's path."""
    index: int = 0
    """Position within its source: the n-th call of the process, or of the recording."""

    # -- who asked ----------------------------------------------------------
    test: str = ""
    """Node id of the test it was made for, free-text parameters masked; empty outside tests."""
    attempt: int = 1
    """1 for the first run of the test, 2 for its first rerun, ..."""
    phase: str = ""
    """``setup``, ``call`` or ``teardown`` of the test; empty outside tests."""
    fixture: str = ""
    """Instance id of the shared fixture (class scope or wider) it was made for, if any."""
    role: str = "product"
    """``product``, ``judge`` or ``set-up``."""
    file: str = ""
    """Call site, relative to the project's root; empty where no frame of the project is on the stack."""
    line: int = 0

    # -- what was asked -----------------------------------------------------
    provider: str = ""
    """OTel ``gen_ai.provider.name`` where one exists (``openai``, ``anthropic``, ``gcp.gemini`` ...);
    ``unknown`` for a compatible server whose address tells nothing."""
    api: str = ""
    """Wire format: ``openai.chat``, ``openai.responses``, ``anthropic.messages``, ..."""
    kind: str = "chat"
    """``chat``, ``completion``, ``embeddings``, ``image``, ``audio``, ``moderation``, ``rerank`` or ``other``."""
    model: str = ""
    """Model asked for."""
    model_answered: str = ""
    """Model that the response names."""
    streamed: bool = False
    temperature: float | None = None
    seed: int | None = None
    effort: str = ""
    """Reasoning effort as asked for (``low``, ``high``, or a token budget as text)."""
    max_tokens: int | None = None
    request_hash: str = ""
    """Keyed hash of the exact request: method, host, path, canonical body."""
    meaning_hash: str = ""
    """Keyed hash of model, kind and body without transport fields."""
    answer_hash: str = ""
    """Keyed hash of the id that the provider gave its answer: whoever else saw the call knows it too."""
    prompt_chain: str = ""
    """Keyed hashes of the prompt's beginnings, block by block, then of the whole: see `jevons.wire.chain`."""
    prompt_bytes: int = 0
    """Length of the canonical prompt that the chain is of; 0 without one."""
    prefixes: list[tuple[str, int]] = []
    """What ledgers held before there were chains: cumulative (keyed hash, input tokens so far) at message ends."""

    # -- what was counted ---------------------------------------------------
    usage: str = "unknown"
    """``reported`` by the server, ``estimated`` from text, or ``unknown``."""
    input_tokens: int | None = None
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    images: int = 0
    """Images in the request and, for image generation, in the response."""
    audio_ms: int = 0
    characters: int = 0
    """Characters of text, in and out, where tokens are unknown."""

    # -- how it went --------------------------------------------------------
    mode: str = "live"
    """``live``, ``replayed`` (a recording answered), ``mocked`` or ``recorded`` (found by scan)."""
    status: int | None = None
    """HTTP status; None where no response came."""
    error: str = ""
    """Kind of failure, never its message: an exception's class name, ``http_429``, ``cut`` (a stream that the
    server ended before its end mark; one that the client leaves is no failure), ``stream_error`` (one that says so)."""
    retry: int = 0
    """0 for a first try, n for the n-th retry of the same request."""
    started_us: int = 0
    """Wall-clock start, microseconds since 1970 UTC."""
    duration_us: int = 0
    first_us: int | None = None
    """Start to first visible output of a stream, microseconds."""
    decode_us: int | None = None
    """First to last visible output of a stream, microseconds."""
    chunks: int = 0
    """Pieces of visible output seen in a stream."""
    timed: bool = False
    """Whether the chunks arrived spread over time, so that first_us and decode_us mean something."""

    # -- where it ran -------------------------------------------------------
    host_class: str = "cloud"
    """``cloud``, ``private`` (a local network), ``loopback`` or ``process`` (no network at all)."""
    region: str = ""
    """Cloud region where the address names it (``eu-west-1``)."""
    measured_mj: int | None = None
    """Energy measured on this machine over the call, millijoules (RAPL, NVML), for local servers."""
    cpu_us: int | None = None
    """Processor time this machine spent over the call, microseconds, for local servers."""

    @property
    def failed(self) -> bool:
        """Whether no usable answer came: no response, an error status, or a stream cut short."""
        return bool(self.error) or (self.status is not None and self.status >= 400)

    @property
    def answered_by(self) -> str:
        """The model that did the work, as far as known."""
        return self.model_answered or self.model
