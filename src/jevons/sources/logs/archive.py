"""inspect_ai's ``.eval``: a zip of ``header.json`` and one JSON file a sample, each compressed with deflate or zstd.

Source: inspect_ai, log/_recorders/eval.py. A log that was cut off has no header: ``_journal/start.json`` begins it.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec

from jevons.sources import zstd
from jevons.sources.exchange import UnreadableError
from jevons.sources.logs import inspect_ai
from jevons.sources.logs.entry import Skipped

MODULE = inspect_ai
_HEADERS = ("header.json", "_journal/start.json")
_ZSTD = 93


def documents(file: BinaryIO, limit: int, faults: list[Skipped]) -> Iterator[Any]:
    """A log of each sample on its own, with the header's task and model; what cannot be read goes to `faults`.

    Raises UnreadableError for a zip that is no such log.
    """
    file.seek(0)
    with zipfile.ZipFile(file) as opened:
        names = {member.filename: member for member in opened.infolist()}
        header = next((names[name] for name in _HEADERS if name in names), None)
        if header is None:
            raise UnreadableError("is a zip file, and no log of inspect_ai's: unpack it")
        head = msgspec.json.decode(_content(opened, file, header, limit))
        samples = [member for name, member in names.items() if name.startswith("samples/") and name.endswith(".json")]
        head = {name: head.get(name) for name in ("eval", "results", "stats")}
        if not samples:
            yield head
        for member in samples:
            try:
                sample = msgspec.json.decode(_content(opened, file, member, limit))
            except (UnreadableError, msgspec.DecodeError, zlib.error, zipfile.BadZipFile, NotImplementedError) as error:
                faults.append(Skipped(f"sample that cannot be read ({' '.join(str(error).split())[:80]})"))
                continue
            yield {"eval": head["eval"], "samples": [sample]}


def _content(opened: zipfile.ZipFile, file: BinaryIO, member: zipfile.ZipInfo, limit: int) -> bytes:
    if member.file_size > limit:
        raise UnreadableError(f"is larger than {limit >> 20} MB: raise --max-mb")
    if member.compress_type != _ZSTD:
        with opened.open(member) as stream:
            return stream.read(limit)
    file.seek(member.header_offset)
    header = file.read(30)  # PKWARE's APPNOTE, 4.3.7: the lengths of name and extra field end it
    file.seek(sum(struct.unpack("<HH", header[26:30])), 1)
    try:
        data = zstd.decoder().decompress(file.read(member.compress_size))
    except ImportError:
        raise UnreadableError("is compressed with zstd: pip install 'jevons[scan]'") from None
    if zlib.crc32(data) != member.CRC:
        raise UnreadableError("does not match its checksum")
    return data
