"""Coverage-guided fuzzing of every reader of recordings, and of archives.

    python fuzz/recordings.py [-max_total_time=60] [corpus folder]

Needs atheris (Linux). Only UnreadableError may escape from a format, nothing from its calls; what is read must be
sound; and while a scan runs no file but the one scanned may be opened. `-timeout` ends a run that hangs.
"""

from __future__ import annotations

import io
import json
import os
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import atheris

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

with atheris.instrument_imports(include=["jevons"]):
    from jevons.record import Call
    from jevons.sources import formats
    from jevons.sources.calls import Options, calls
    from jevons.sources.exchange import UnreadableError
    from jevons.sources.scan import scan

from sources.one_exchange import CASSETTE
from wire.sound import sound

LIMIT = 1 << 20
OPTIONS = Options("run", "scan-key", b"secret", False, LIMIT)
WORDS = """
interactions http_interactions request response uri url method body string parsed_body base64_string status code headers
recorded_at is_streaming __type__ __data__ scope rawHeaders reqheaders log entries postData mimeType encoding text
frames websocket grpc &a *a <<: !!python/object !!binary | > - ? {} []
"""
allowed = ""
scanning = False


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Audit hook: a scan opens what it scans, and nothing else."""
    if scanning and event == "open" and isinstance(arguments[0], str | bytes | os.PathLike):
        opened = os.path.realpath(os.fsdecode(arguments[0]))
        code = opened.startswith((sys.prefix, sys.base_prefix)) or "/src/jevons/" in opened  # modules imported late
        if opened not in (allowed, os.devnull) and not code:
            raise RuntimeError(f"opened {opened}")


def one(data: bytes) -> None:
    """One input: its first byte says whether it is a recording or an archive."""
    if len(data) < 2:
        return
    if data[0] & 1:
        archive(data[1:])
        return
    try:
        found = formats.records(data[1:], LIMIT)
        if found is not None:
            for call in calls(found[1], "cassettes/t/test_a.yaml", found[0], OPTIONS):
                if isinstance(call, Call):
                    sound(call)
    except UnreadableError:
        pass


def archive(data: bytes) -> None:
    """Scan the bytes as a tar archive."""
    global scanning
    Path(allowed).write_bytes(data)
    scanning = True
    try:
        scan([Path(allowed)], OPTIONS, root=Path(allowed).parent, sink=sound, workers=1)
    finally:
        scanning = False


def seeds(folder: Path) -> None:
    """A cassette as JSON and as YAML, alone and in an archive beside a link and a path that leaves it."""
    as_json = json.dumps(CASSETTE).encode()
    as_yaml = (
        b"interactions:\n- request: {method: POST, uri: 'https://api.openai.com/v1/chat/completions', body: '{}'}\n"
    )
    (folder / "json").write_bytes(b"\0" + as_json)
    (folder / "yaml").write_bytes(b"\0" + as_yaml)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name in ("cassettes/test_a.yaml", "../outside.yaml", "/etc/outside.yaml"):
            member = tarfile.TarInfo(name)
            member.size = len(as_yaml)
            tar.addfile(member, io.BytesIO(as_yaml))
        link = tarfile.TarInfo("cassettes/link.yaml")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    (folder / "tar").write_bytes(b"\1" + packed.getvalue())


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as work:
        start, words = Path(work, "start"), Path(work, "words")
        start.mkdir()
        seeds(start)
        words.write_text("".join(f'"{word}"\n' for word in WORDS.split()))
        allowed = os.path.realpath(Path(work, "scanned.tar"))
        sys.addaudithook(watch)
        atheris.Setup([*sys.argv, f"-dict={words}", "-timeout=10", "-max_len=16384", str(start)], one)
        atheris.Fuzz()
