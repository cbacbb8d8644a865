"""Bytes of one exchange to the facts of a call."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress

import msgspec

from jevons.record import Call
from jevons.wire import estimate, fingerprint, sse
from jevons.wire.base import UNREADABLE, Answered, Asked, Reader
from jevons.wire.match import READERS, Match

_decode = msgspec.json.decode
_ANSWER = re.compile(rb'"(?:id|responseId|generation_id)"\s*:\s*"(?!call_|toolu_|tooluse_|fc_|rs_)([\w:.-]{8,128})"')
_EDGE = 2048  # bytes at the start, or the end, of an answer in which its id stands
_EVENT_STARTS = (b"d", b"e", b":", b"i", b"r")  # data, event, a comment, id, retry
_NO_HEADERS: Mapping[str, str] = {}
_ESTIMATED = frozenset({"chat", "completion", "embeddings"})  # kinds whose cost is in tokens of text


def read(
    call: Call,
    match: Match,
    *,
    method: str,
    host: str,
    path: str,
    request: bytes,
    response: bytes | None,
    pieces: Sequence[tuple[int, bytes]] | None,
    start_ns: int,
    encoding: str = "",
    headers: Mapping[str, str] = _NO_HEADERS,
    secret: bytes,
) -> None:
    """Fill every field of `call` that the exchange tells. Never raises, whatever the bytes.

    `response` is the decompressed body of a plain answer, None where none came; `pieces` are the
    network pieces of a streamed one, as they came, with monotonic arrival times in nanoseconds
    (`start_ns` is on the same clock); `encoding` is the content-encoding header of the pieces;
    `headers` are the response's, names in lower case, needed only for a reader that has `headers`.

    Usage:

    - shown by the server: ``reported``;
    - a 2xx answer without usage (a stream without ``include_usage``, or cut, or abandoned):
      estimated from the texts of request and answer: ``estimated``;
    - nothing to estimate from (a body that is no such answer, a background job not yet run,
      images, audio): ``unknown``, tokens None, characters counted;
    - an error status: the server says that nothing was computed: 0 and 0, ``reported``;
    - no answer at all: None, ``unknown``: nothing came back, though a server may have worked; a
      caller that knows that none did says so afterwards.

    A request to an unknown host whose body is not of the format gets kind ``other``.
    """
    call.provider = match.provider
    call.host_class = match.host_class
    call.region = match.region
    reader = READERS.get(match.reader)
    if reader is None:
        call.kind = "other"
        return
    call.api = reader.api
    call.kind = reader.kind
    prints = found = None
    try:  # noqa: SIM105 - on the path of every call; a tap must never fail a test: what was read so far stays
        prints = _asked(call, reader, method, host, path, request, secret)
    except Exception:
        pass
    try:
        if response is not None and response[:1] == b"{" and reader.frames is None:  # by far the most frequent answer
            found = _whole(call, reader, response)
        else:
            found = _answered(call, reader, response, pieces, start_ns, encoding)
        if found is not None and reader.headers is not None:
            reader.headers(found, headers)
        if found is not None and found.id:
            call.answer_hash = fingerprint.of_name(secret, f"answer:{found.id}").hex()
    except Exception:
        pass
    try:
        _count(call, reader, prints, found, response is None and pieces is None)
    except Exception:
        call.usage, call.input_tokens, call.output_tokens = "unknown", None, None


def _asked(
    call: Call, reader: Reader, method: str, host: str, path: str, request: bytes, secret: bytes
) -> fingerprint.Prints:
    if request[:2] == sse.GZIP or request[:4] == sse.ZSTD:
        request = b"".join(sse.plain([request]))
    try:
        body = _decode(request)
    except Exception:  # no JSON (multipart), or nested beyond the interpreter's limit
        body = None
    if type(body) is not dict:
        only_path = reader.ask({}, path.partition("?")[0])
        call.model, call.streamed = _form_field(request, b"model") or only_path.model, only_path.streamed
        if call.provider == "unknown" and request and reader.kind != "audio" and reader.kind != "image":
            call.kind = "other"
        return fingerprint.of_bytes(secret, method, host, path, reader.kind, request)
    asked: Asked = reader.ask(body, path.partition("?")[0])
    call.model = asked.model
    call.streamed = asked.streamed
    call.temperature = asked.temperature
    call.seed = asked.seed
    call.effort = asked.effort
    call.max_tokens = asked.max_tokens
    if reader.shape is not None:
        body = reader.shape(body)
    if call.provider == "unknown" and reader.items not in body and not reader.head.intersection(body):
        call.kind = "other"
    try:
        prints = fingerprint.of_json(secret, method, host, path, asked.model, body, reader)
    except RecursionError:
        return fingerprint.of_bytes(secret, method, host, path, reader.kind, request)
    call.images = prints.tally.images
    return prints


def _form_field(raw: bytes, field: bytes) -> str:
    """A short field of a multipart form; empty where there is none."""
    start = raw.find(b'name="%b"\r\n' % field)
    if start < 0:
        return ""
    value = raw[start : start + 400].partition(b"\r\n\r\n")[2].partition(b"\r\n")[0]
    return value.decode("utf-8", "replace") if len(value) <= 256 else ""


def _answered(
    call: Call,
    reader: Reader,
    response: bytes | None,
    pieces: Sequence[tuple[int, bytes]] | None,
    start_ns: int,
    encoding: str,
) -> Answered | None:
    """The answer read, with timing and the mark of a cut stream set; None where there is none to read."""
    if pieces is not None:
        texts = sse.plain([piece for _, piece in pieces], encoding)
    elif response is not None:
        texts = sse.plain([response])
    else:
        return None
    first = _first_byte(texts)
    if reader.stream is None or (first == b"{" and reader.frames is None):
        return _whole(call, reader, b"".join(texts))
    if reader.frames is not None:
        if first in (b"{", b"[") and _is_one_document(whole := b"".join(texts)):
            return _whole(call, reader, whole)
        events = reader.frames(texts)
    else:
        events = sse.elements(texts) if first == b"[" else sse.events(texts)
    if call.status is not None and call.status >= 400:
        return None
    if not events and (first not in _EVENT_STARTS or reader.frames is not None):
        nothing = pieces is not None and not any(piece for _, piece in pieces)
        if not (nothing and call.streamed):  # a stream that never began is cut, all else no answer of this format:
            # A document cut short; or a page, an answer nobody read, a compression that cannot be read here.
            return _whole(call, reader, b"".join(texts)) if first == b"{" else None
    found = reader.stream(events)
    found.id = _id(b"".join(texts[:4])[:_EDGE])
    call.streamed = True
    call.model_answered = found.model
    call.region = call.region or found.region
    if not found.ended and not call.error:
        call.error = "stream_error" if events and _is_error(events[-1][1]) else "cut"
    seen = found.seen
    call.chunks = len(seen)
    if seen and pieces is not None:
        begin, end = pieces[seen[0]][0], pieces[seen[-1]][0]
        call.first_us = max(begin - start_ns, 0) // 1000
        call.decode_us = max(end - begin, 0) // 1000
        # A proxy that buffers, or a recording, delivers all at once: such times say nothing about the model.
        call.timed = len(seen) >= 3 and call.decode_us > 0 and len(set(seen)) >= 3
    return found


def _is_one_document(data: bytes) -> bool:
    """Whether these bytes are one JSON document, not several in a row."""
    try:
        msgspec.json.decode(data, type=msgspec.Raw)
    except UNREADABLE:
        return False
    return True


def _is_error(data: bytes) -> bool:
    """Whether an event says that the server failed: ``{"error": ...}`` (OpenAI, Gemini), ``{"type": "error"}``."""
    with suppress(*UNREADABLE):
        event = _decode(data)
        return type(event) is dict and bool(event.get("error") or event.get("type") == "error")
    return False


def _first_byte(texts: Sequence[bytes]) -> bytes:
    for piece in texts:
        piece = piece.lstrip()
        if piece:
            return piece[:1]
    return b""


def _whole(call: Call, reader: Reader, data: bytes) -> Answered | None:
    try:
        found = reader.answer(data)
    except UNREADABLE:
        # Of the wrong shape: its model and usage may still be right.
        try:
            found = reader.answer(_without_containers(data))
        except UNREADABLE as error:
            truncated = data and str(error) == "Input data was truncated"  # msgspec's words
            if truncated and not call.error and (call.status or 0) < 400:
                call.error = "cut"
            return None
    if call.status is not None and call.status >= 400:
        return None
    call.model_answered = found.model
    call.region = call.region or found.region
    found.id = _id(data[:_EDGE]) or _id(data[-_EDGE:])
    return found


def _id(data: bytes) -> str:
    """The name that an answer bears; empty where none is seen."""
    match = _ANSWER.search(data)
    return match[1].decode() if match else ""


def _without_containers(data: bytes) -> bytes:
    body = _decode(data)
    keep = ("model", "modelVersion", "usage", "usageMetadata", "status")
    return msgspec.json.encode({key: body[key] for key in keep if key in body}) if type(body) is dict else data


def _count(
    call: Call, reader: Reader, prints: fingerprint.Prints | None, found: Answered | None, no_answer: bool
) -> None:
    if call.status is not None and call.status >= 400:
        call.usage, call.input_tokens, call.output_tokens = "reported", 0, 0
    elif no_answer and call.status is None:
        call.usage, call.input_tokens, call.output_tokens = "unknown", None, None
    elif found is not None and found.usage is not None:
        usage = found.usage
        call.usage = "reported"
        call.input_tokens, call.output_tokens, call.cached_tokens = usage[:3]
        call.cache_write_tokens, call.reasoning_tokens = usage[3:]
    else:
        _estimate(call, reader, prints, found)
    if found is not None:
        call.images += found.images
        call.audio_ms = found.audio_ms
    if prints is not None:
        call.request_hash = prints.request_hash
        call.meaning_hash = prints.meaning_hash
        call.prompt_chain = prints.chain
        call.prompt_bytes = prints.size


def _estimate(call: Call, reader: Reader, prints: fingerprint.Prints | None, found: Answered | None) -> None:
    """Tokens from text where an answer came that shows no usage, else characters only."""
    call.usage = "unknown"
    written = estimate.Tally()
    if found is not None:
        # Stream deltas are fragments of one text: joined, so that short ones are not rounded away.
        for value in found.texts:
            written.add(value)
    read = prints.tally.characters if prints is not None else 0
    if found is None or prints is None or found.pending or reader.kind not in _ESTIMATED:
        call.characters = read + written.characters
        return
    call.usage = "estimated"
    call.input_tokens = prints.tokens
    if found.begun is not None:
        call.input_tokens, call.cached_tokens, call.cache_write_tokens = found.begun.input, *found.begun[2:4]
    call.output_tokens = written.tokens if found.wrote is None else found.wrote
