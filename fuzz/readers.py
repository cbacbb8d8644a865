"""Coverage-guided fuzzing of every wire reader.

    python fuzz/readers.py [-max_total_time=60] [corpus folder]

Needs atheris (Linux). A reader may raise what is in UNREADABLE from `answer`, and nothing else anywhere;
what `read` makes of the same bytes must be sound. `-timeout` ends a run that hangs; what breaks is kept as a file.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

with atheris.instrument_imports(include=["jevons"]):
    import msgspec

    from jevons.record import Call
    from jevons.wire import Match, read, sse
    from jevons.wire.base import UNREADABLE
    from jevons.wire.match import READERS

from wire.sound import NAMES, sound

APIS = sorted(READERS)


def one(data: bytes) -> None:
    """One input: two bytes choose the format and how the answer comes; a zero byte parts request and answer."""
    if len(data) < 3:
        return
    api, way = APIS[data[0] % len(APIS)], data[1]
    reader = READERS[api]
    request, _, answer = data[2:].partition(b"\0")
    cut = 1 + way // 4
    pieces = [answer[start : start + cut] for start in range(0, len(answer), cut)]
    body = decoded(request)
    if isinstance(body, dict):
        reader.ask(body, f"/v1{reader.paths[0]}")
    try:
        found = reader.answer(answer)
        if reader.headers is not None:
            reader.headers(found, {"content-type": "application/json", "x-amzn-bedrock-input-token-count": str(way)})
    except UNREADABLE:
        pass
    if reader.stream is not None:
        texts = sse.plain(pieces)
        for frames in (reader.frames, sse.events, sse.elements):
            if frames is not None:
                reader.stream(frames(texts))
    call = Call(id="c", run="r", status=(200, 200, None, 429)[way % 4])
    read(
        call,
        Match(api, "unknown" if way & 1 else "openai", "cloud", ""),
        method="POST",
        host="api.example.com",
        path=f"/v1{reader.paths[0]}",
        request=request,
        response=answer if way & 2 else None,
        pieces=None if way & 2 else [(number, piece) for number, piece in enumerate(pieces)],
        start_ns=0,
        secret=b"s",
    )
    sound(call)


def decoded(data: bytes) -> object:
    """The JSON in `data`, or None."""
    try:
        return msgspec.json.decode(data)
    except UNREADABLE:
        return None


def seeds(folder: Path) -> None:
    """One small well-formed start for each format, and the dictionary of field names."""
    answer = {"model": "m", "usage": {"prompt_tokens": 3, "completion_tokens": 2, "inputTokens": 3, "outputTokens": 2}}
    for number, api in enumerate(APIS):
        prompt = [{"role": "user", "content": "hi"}]
        body = json.dumps({"model": "m", "stream": True, READERS[api].items: prompt}).encode()
        whole = json.dumps(answer).encode()
        for way, sent in ((2, whole), (128, b"data: " + whole + b"\n\ndata: [DONE]\n\n"), (200, whole + b"\n" + whole)):
            (folder / f"{api}-{way}").write_bytes(bytes([number, way]) + body + b"\0" + sent)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as work:
        start, words = Path(work, "start"), Path(work, "words")
        start.mkdir()
        seeds(start)
        words.write_text("".join(f'"\\"{name}\\":"\n' for name in NAMES))
        atheris.Setup([*sys.argv, f"-dict={words}", "-timeout=10", "-max_len=4096", str(start)], one)
        atheris.Fuzz()
