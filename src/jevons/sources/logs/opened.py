"""Opening a log: its form by its bytes (JSON lines, JSON, CSV, Protobuf, a zip), its format by what it holds.

Lines and rows are streamed: memory holds one of them, and what a reader keeps. A whole JSON document is held in memory
and bounded. Files may be compressed (gzip, zstd).
"""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, BinaryIO, cast

from jevons.sources import zstd
from jevons.sources.bodies import GZIP, ZSTD
from jevons.sources.exchange import UnreadableError
from jevons.sources.logs import archive, formats, otlp_protobuf
from jevons.sources.logs.decoded import MARK, decoded, several, text_of
from jevons.sources.logs.entry import Entry, Skipped

_PEEKED = 20
"""Documents at the start of a file, by one of which it must show its format."""


class Log:
    """A log being read. Use it in a with statement. Raises UnreadableError for what is none."""

    def __init__(self, path: Path, limit: int, wanted: formats.Wanted, offset: int = 0) -> None:
        self.offset = 0
        """Bytes, unpacked, up to the end of the document at hand."""
        self.done = offset
        """The same, up to the end of the last document of which every record was given."""
        self._limit, self._faults, self._pulled = limit, list[Skipped](), 0
        self._opened, self._again_from = ExitStack(), cast(Path | None, None)
        try:
            self._raw = self._opened.enter_context(path.open("rb"))
            self._stream = self._unpacked(path)
            self.module, self._documents = self._form(wanted, offset)
        except UnreadableError:
            self._opened.close()
            raise
        except Exception as error:  # no permission, no whole archive, no CSV ...
            self._opened.close()
            what = getattr(error, "strerror", None) or " ".join(str(error).split())[:80] or type(error).__name__
            raise UnreadableError(f"cannot be read ({what})") from None
        self.kind: str = self.module.KIND

    @property
    def read_bytes(self) -> int:
        """Bytes of the file gone through."""
        return self._raw.tell()

    @property
    def resumable(self) -> bool:
        """Whether reading may go on from an `offset`: every line stands for itself."""
        return self._by_line and getattr(self.module, "BY_LINE", False)

    def __enter__(self) -> Log:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    def entries(self) -> Iterator[Entry]:
        """Every record, in order. Raises UnreadableError where the file breaks off."""
        pulled = -1
        while pulled != self._pulled:  # a stranger's file: whatever is wrong with one record, the others are read
            pulled = self._pulled
            try:
                for entry in self.module.read(self._counted()):
                    yield from self._take_faults()
                    yield entry
                break
            except UnreadableError:
                raise
            except (EOFError, OSError, zlib.error, zipfile.BadZipFile) as error:
                raise UnreadableError(f"breaks off or cannot be read ({error}): what precedes is kept") from None
            except Exception as error:
                if type(error).__name__ == "ZstdError":
                    raise UnreadableError("breaks off: what precedes is kept") from None
                self._faults.append(Skipped(f"record that cannot be read ({type(error).__name__})"))
        yield from self._take_faults()
        self.done = self.offset

    def _counted(self) -> Iterator[Any]:
        for document in self._documents:
            self._pulled += 1
            yield document

    def _take_faults(self) -> Iterator[Skipped]:
        while self._faults:
            yield self._faults.pop(0)

    def _unpacked(self, path: Path) -> BinaryIO:
        head = self._raw.read(4)
        self._raw.seek(0)
        if head.startswith(GZIP):
            return cast(BinaryIO, self._opened.enter_context(gzip.open(self._raw)))
        if head == ZSTD:
            self._again_from = path
            return _zstd(self._opened, path)
        return self._raw

    def _form(self, wanted: formats.Wanted, offset: int) -> tuple[ModuleType, Iterator[Any]]:
        self._by_line = False
        start = self._stream.read(8)
        if start.startswith(b"PK\x03\x04"):
            return formats.find(archive.MODULE, wanted), archive.documents(self._raw, self._limit, self._faults)
        if otlp_protobuf.holds(start) and not start.strip().startswith((b"{", b"[")):
            self._rewind(0)
            return formats.find(otlp_protobuf, wanted), otlp_protobuf.messages(self._stream, self._limit)
        if b"\0" in start:
            raise UnreadableError("is binary, and no log that jevons knows")
        self._rewind(0)
        first = self._line()
        as_rows = not first.lstrip(MARK + b" \t\r\n").startswith((b"{", b"["))
        if as_rows:
            documents = self._rows(first, offset)
            self._by_line = True
        elif (document := decoded(first)) is None or isinstance(document, list):
            documents = self._whole(first)
        else:
            self._by_line = True
            self._rewind(0)
            documents = self._lines()
        peeked = []
        for document in documents:
            peeked.append((document, self.offset))
            if len(peeked) == _PEEKED or formats.tells(document, wanted):
                break
        module = formats.of([document for document, _ in peeked], wanted)
        if offset and self._by_line and getattr(module, "BY_LINE", False):
            self._rewind(offset)
            self._faults.clear()
            return module, self._rows(first, offset) if as_rows else self._lines()
        self.done = 0
        return module, chain(self._again(peeked), documents)

    def _again(self, peeked: list[tuple[Any, int]]) -> Iterator[Any]:
        for document, end in peeked:
            yield document
            self.done = end

    def _rewind(self, offset: int) -> None:
        if self._again_from is None:
            self._stream.seek(offset)
        else:  # of zstd, no decoder goes back
            self._stream = _zstd(self._opened, self._again_from)
            for start in range(0, offset, 1 << 20):
                self._stream.read(min(offset - start, 1 << 20))
        self.offset = self.done = offset

    def _line(self) -> bytes:
        """The next line; a longer one than the limit is noted and passed over, empty then."""
        line = self._stream.readline(self._limit + 1)
        self.offset += len(line)
        if len(line) > self._limit and not line.endswith(b"\n"):
            while rest := self._stream.readline(1 << 20):
                self.offset += len(rest)
                if rest.endswith(b"\n"):
                    break
            self._faults.append(Skipped(f"line of more than {self._limit >> 20} MB: raise --max-mb to read it"))
            return b"\n"
        return line

    def _lines(self) -> Iterator[Any]:
        while line := self._line():
            if not line.strip():
                continue
            document = decoded(line)
            if document is None:
                self._faults.append(Skipped("line that is no JSON (torn, or of another format)"))
                continue
            yield document
            self.done = self.offset

    def _whole(self, first: bytes) -> Iterator[Any]:
        data = first + self._stream.read(self._limit + 1)
        if len(data) > self._limit:
            raise UnreadableError(
                f"is one JSON document of more than {self._limit >> 20} MB: raise --max-mb, or write one record a line"
            )
        self.offset = len(data)
        document = decoded(data)
        if document is None:
            # Several documents one after another, printed over many lines, or none at all.
            yield from several(data)
        elif isinstance(document, list):
            yield from document
        else:
            yield document

    def _rows(self, head: bytes, offset: int) -> Iterator[Any]:
        self.offset = max(offset, len(head))
        columns = next(csv.reader([text_of(head)]), [])
        rows = csv.reader(self._texts())
        while True:
            try:
                row = next(rows, None)
            except csv.Error as error:
                self._faults.append(Skipped(f"row that is no CSV ({error})"))
                continue
            if row is None:
                return
            if any(row):
                yield dict(zip(columns, row, strict=False))
            self.done = self.offset

    def _texts(self) -> Iterator[str]:
        while line := self._line():
            yield text_of(line)


def _zstd(opened: ExitStack, path: Path) -> BinaryIO:
    return io.BufferedReader(cast(Any, opened.enter_context(zstd.Opened(path))))
