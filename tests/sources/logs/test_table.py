"""Tables of calls with a map of their columns."""

from __future__ import annotations

from pathlib import Path

import pytest
from sources.logs.read import lines, told

from jevons.sources.logs.table import MapError, columns

MAP = columns(
    ("model=Model", "started=When", "input_tokens=In", "output_tokens=Out", "cached_tokens=Cached", "provider==openai",
     "cached==outside", "duration_ms=Took", "id=Id")
)  # fmt: skip
CSV = "".join(
    (
        "Model,When,In,Out,Cached,Took,Id,Prompt\n",
        'gpt-4o,2026-09-01T10:00:00Z,40,5,60,1500,a,"two\nlines, one of them quoted ""so"""\n',
        "gpt-4o,2026-09-01T10:00:01Z,many,5,,,b,\n",
        "gpt-4o,,,,,,c,\n",
    )
)


def test_csv(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text("\ufeff" + CSV, encoding="utf-8")
    found = told(path, MAP)
    first, last = found.calls
    assert (first.provider, first.model, first.input_tokens, first.output_tokens) == ("openai", "gpt-4o", 100, 5)
    assert (first.cached_tokens, first.duration_us, found.seen[0].ids) == (60, 1_500_000, ("table:a",))
    assert (last.usage, last.input_tokens, last.started_us) == ("unknown", None, 0)
    assert found.skipped == {"row whose token count is no count": 1}


def test_json_lines_with_nested_fields(tmp_path: Path) -> None:
    path = lines(tmp_path / "c.jsonl", {"m": "openai/gpt-4o", "u": {"in": 3, "out": 4}, "a": "chatcmpl-12345678"}, {})
    found = told(path, columns(("model=m", "input_tokens=u.in", "output_tokens=u.out", "answer=a")))
    (call,) = found.calls
    assert (call.provider, call.model, call.input_tokens, call.output_tokens) == ("openai", "gpt-4o", 3, 4)
    assert found.seen[0].ids == ("answer:chatcmpl-12345678",)
    assert found.skipped.total() == 1


@pytest.mark.parametrize("given", ["model", "=x", "model=", "colour=x", "cached==sometimes"])
def test_a_map_that_cannot_be(given: str) -> None:
    with pytest.raises(MapError, match="--map"):
        columns((given,))
