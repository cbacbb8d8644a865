"""Reading a batch of files: the work of one process."""

from __future__ import annotations

import io
import zlib
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from jevons.record import Call
from jevons.sources import bodies, formats, names
from jevons.sources.calls import Options, Other, calls
from jevons.sources.exchange import Broken, Unread, UnreadableError
from jevons.sources.files import Item
from jevons.sources.logs import sessions
from jevons.sources.tally import Unreadable, Warned


class Read(NamedTuple):
    """What came of one batch."""

    recordings: int
    calls: list[Call]
    not_read: list[Unreadable]
    others: Counter[str]
    warned: list[Warned]


def read(batch: list[Item], options: Options) -> Read:
    """Read a batch of files. Never raises."""
    done = Read(0, [], [], Counter(), [])
    recordings = 0
    for item in batch:
        source = names.masked(item.source, options.secret, options.full)
        try:
            recordings += _file(item, source, options, done)
        except UnreadableError as error:
            done.warned.append(Warned(source, None, str(error)))
        except OSError as error:
            done.warned.append(Warned(source, None, f"cannot be read ({error.strerror})"))
        except Exception as error:  # a stranger's file must not end the scan of the others
            done.warned.append(Warned(source, None, f"cannot be read ({type(error).__name__})"))
    return done._replace(recordings=recordings)


def _file(item: Item, source: str, options: Options, done: Read) -> bool:
    """Read one file; whether it is a recording."""
    if options.sessions and item.path and item.path.endswith((".jsonl", ".json")):
        session = sessions.entries(Path(item.path), options.limit)
        if session is not None:
            done.calls.extend(sessions.recorded(session, options.run, options.key, source))
            return True
    expected = item.named or names.conventional(item.source)
    data = _content(item, options.limit, expected)
    found = None
    if data:
        try:
            found = formats.records(data, options.limit)
        except UnreadableError:
            # Settings and test data of other kinds may be broken on purpose.
            if expected or _says_so(_head(data)):
                raise
    if found is None:
        if item.named:
            raise UnreadableError(
                "holds no recording that jevons knows (vcrpy, langchain, nock, llama-stack, ddapm, HAR)"
            )
        return False
    test, records = found
    counted: Counter[str] = Counter()
    for one in calls(records, item.source, test or names.test_of(item.node), options):
        if isinstance(one, Call):
            done.calls.append(one)
        elif isinstance(one, Broken):
            done.warned.append(Warned(source, one.index, one.reason))
        elif isinstance(one, Other):
            done.others[one.what] += 1
        elif isinstance(one, Unread):
            counted[one.what] += one.count
    done.not_read.extend(Unreadable(source, what, count) for what, count in counted.items())
    return True


def _content(item: Item, limit: int, expected: bool) -> bytes:
    """Bytes, packed or not, of a file that may be a recording; nothing for others.

    Raises UnreadableError for what should be one.
    """
    with open(item.path, "rb") if item.path else io.BytesIO(item.data) as file:
        start = file.read(formats.HEAD)
        try:
            head = _head(start)
        except zlib.error:
            if expected:
                raise UnreadableError("is no whole gzip file: record it anew") from None
            return b""
        if formats.is_binary(head):
            if expected or _is_named_so(item.source):
                how = "unpacks to something" if start.startswith(bodies.GZIP) else "is"
                raise UnreadableError(f"{how} binary, no recording: delete it or record it anew")
            return b""
        if not formats.may_be(head):
            return b""
        if item.size > limit:
            if expected or _says_so(head):
                raise UnreadableError(f"is larger than {limit >> 20} MB: raise --max-mb if it is a recording")
            return b""
        file.seek(0)
        return file.read(item.size)


def _head(data: bytes) -> bytes:
    """Where the content begins, unpacked. Raises zlib.error for a broken gzip file."""
    if data.startswith(bodies.GZIP):
        return zlib.decompressobj(31).decompress(data, formats.HEAD)
    return data[: formats.HEAD]


def _says_so(head: bytes) -> bool:
    """Whether a file tells by itself that it is a recording, wherever it lies."""
    return b"interactions" in head


def _is_named_so(source: str) -> bool:
    """Whether a name promises text such as recordings are."""
    return source.lower().removesuffix(".gz").endswith((".yaml", ".yml", ".har"))
