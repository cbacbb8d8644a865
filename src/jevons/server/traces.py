"""The receiver of OpenTelemetry traces over HTTP: spans of AI calls into the ledger, as `jevons import` adds them.

``POST /v1/traces``, Protobuf or JSON, gzip or plain (source: opentelemetry.io/docs/specs/otlp, OTLP/HTTP). A request is
acknowledged when its calls are on the disk; where another process writes to the ledger, the sender is asked to come
back, as the specification has it (503).
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from jevons.ledger.combine import BusyError, alone
from jevons.ledger.home import Home
from jevons.ledger.imports import As, Import
from jevons.ledger.known import Known
from jevons.server.proxy import Receive, Send, read
from jevons.server.request import RefusedError, Target
from jevons.sources.exchange import UnreadableError
from jevons.sources.logs import otlp, otlp_protobuf
from jevons.sources.logs.decoded import decoded
from jevons.sources.logs.entry import Entry, Seen, Skipped
from jevons.sources.tally import Accounted

_JSON, _PROTOBUF = "application/json", "application/x-protobuf"
_GZIP = 31  # zlib's word for a gzip header


class Kept(NamedTuple):
    """Where spans go, and how they are kept."""

    home: Home
    how: As


class Traces:
    """Takes requests of exporters; `most` bounds their bodies, packed and unpacked, in bytes."""

    def __init__(self, kept: Kept, most: int) -> None:
        self.tally = Accounted()
        self.malformed = 0
        """Requests that were none, each answered with 400."""
        self._kept, self._most = kept, most
        self._one = asyncio.Lock()

    async def serve(self, target: Target, scope: Any, receive: Receive, send: Send) -> None:
        """Answer one request. Raises RefusedError."""
        if scope["method"] != "POST":
            raise RefusedError(405, "method", "spans are sent with POST")
        headers = {name: value.decode("latin-1").strip().lower() for name, value in scope["headers"]}
        kind = headers.get(b"content-type", "").partition(";")[0].strip()
        if kind not in (_JSON, _PROTOBUF):
            raise RefusedError(415, "media", f"spans are sent as {_PROTOBUF} or {_JSON}")
        body = await read(scope, receive, self._most)
        try:
            entries = list(self._entries(body, kind, headers.get(b"content-encoding", "")))
        except RefusedError as error:
            self.malformed += error.status == 400
            raise
        async with self._one:
            await asyncio.to_thread(self._keep, entries, target.test)
        data = b"{}" if kind == _JSON else b""  # ExportTraceServiceResponse: all of it was taken
        answer = [(b"content-type", kind.encode()), (b"content-length", b"%d" % len(data))]
        await send({"type": "http.response.start", "status": 200, "headers": answer})
        await send({"type": "http.response.body", "body": data})

    def _entries(self, body: bytes, kind: str, coding: str) -> Iterator[Entry]:
        if coding == "gzip":
            body = self._unpacked(body)
        elif coding not in ("", "identity"):
            raise RefusedError(415, "media", "bodies are plain, or packed with gzip")
        if kind == _PROTOBUF:
            try:
                for entry in otlp_protobuf.read(iter([body])):
                    if isinstance(entry, Skipped) and entry.reason == otlp_protobuf.MALFORMED:
                        raise RefusedError(400, "malformed", "the body is no OTLP request in Protobuf")
                    yield entry
            except UnreadableError as error:
                raise RefusedError(501, "library", f"the body {error}") from None
            return
        document = decoded(body)
        if document != {} and not otlp.holds(document):
            raise RefusedError(400, "malformed", "the body is no OTLP request in JSON")
        yield from otlp.read(iter([document])) if document else ()

    def _unpacked(self, body: bytes) -> bytes:
        unpack = zlib.decompressobj(_GZIP)
        try:
            plain = unpack.decompress(body, self._most + 1)
        except zlib.error:
            raise RefusedError(400, "malformed", "the body is no gzip") from None
        if len(plain) > self._most:
            raise RefusedError(413, "size", f"unpacked, the body is larger than {self._most >> 20} MB")
        if not unpack.eof or unpack.unused_data:
            raise RefusedError(400, "malformed", "the body is no gzip, or not all of one")
        return plain

    def _keep(self, entries: Iterable[Entry], test: str) -> None:
        """Add to the ledger, and count what became of each. Raises RefusedError where it cannot be written now."""
        home, how = self._kept
        made = Accounted(records=self.tally.records)
        try:
            home.make()
            with alone(home):
                known = Known(home)
                try:
                    known.follow()
                    into = Import(home, known, how)
                    for entry in entries:
                        if isinstance(entry, Skipped):
                            made.skip(entry.reason, entry.count)
                        elif isinstance(entry, Seen):
                            entry.call.test = entry.call.test or test
                            became = into.seen(entry, made.records)
                            made.records += 1
                            setattr(made, became, getattr(made, became) + 1)
                    known.commit(into.flush())
                finally:
                    known.close()
        except (BusyError, OSError) as error:
            raise RefusedError(503, "busy", "the ledger cannot be written now: send it again") from error
        made.records -= self.tally.records
        self.tally.add(made)
