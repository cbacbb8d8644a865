"""Results of several models: the same from every format, and what is wrong said with file, row and remedy."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.cut.models.results import Results, ResultsError, read, sums_of
from jevons.ledger.cells import Sums
from jevons.record import Call

ROWS = [
    {"item": "a", "model": "gpt-4o", "score": 1, "input_tokens": 100, "cached_tokens": 40, "output_tokens": 10},
    {"item": "a", "model": "gpt-4o", "score": 0.5, "input_tokens": 101, "cached_tokens": 0, "output_tokens": 12},
    {"item": "b", "model": "gpt-4o", "score": 0, "input_tokens": 90, "cached_tokens": 0, "output_tokens": 9},
    {"item": "a", "model": "mini", "score": 0.25},
]
NAMES = ["item", "model", "score", "input_tokens", "cached_tokens", "output_tokens"]


def as_csv(rows: list[dict]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, NAMES)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def seen(made: Results) -> dict:
    return {
        (model, item): (one.mean, one.tries, sum(sums.input for sums in one.spent.values()), len(one.spent))
        for model, of in made.models.items()
        for item, one in of.items()
    }


EXPECTED = {
    ("gpt-4o", "a"): (0.75, 2, 201, 1),
    ("gpt-4o", "b"): (0.0, 1, 90, 1),
    ("mini", "a"): (0.25, 1, 0, 0),  # no tokens: not known, never zero
}


def test_csv_json_lines_and_gzip_say_the_same(tmp_path: Path) -> None:
    lines = "\n".join(json.dumps(row) for row in ROWS) + "\n\n"
    for name, content in (
        ("r.csv", as_csv(ROWS).encode()), ("bom.csv", b"\xef\xbb\xbf" + as_csv(ROWS).encode()),
        ("r.jsonl", lines.encode()), ("r.csv.gz", gzip.compress(as_csv(ROWS).encode())),
        ("r.jsonl.gz", gzip.compress(lines.encode())),
    ):  # fmt: skip
        (tmp_path / name).write_bytes(content)
        assert seen(read(tmp_path / name)) == EXPECTED, name


def test_parquet(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="Parquet needs duckdb: extra report")
    (tmp_path / "r.csv").write_text(as_csv(ROWS))
    duckdb.read_csv(str(tmp_path / "r.csv")).write_parquet(str(tmp_path / "r.parquet"))
    assert seen(read(tmp_path / "r.parquet")) == EXPECTED
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "r.parquet").read_bytes()[:50])
    with pytest.raises(ResultsError, match=r"cut\.parquet: not readable as Parquet"):
        read(tmp_path / "cut.parquet")


def test_words_of_passing_missing_outcomes_and_clusters(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("item,model,pass,cluster\na,m,True,x\nb,m,failed,y\nc,m,,y\nd,m,1,y\n")
    made = read(path)
    assert {item: one.mean for item, one in made.models["m"].items()} == {"a": 1, "b": 0, "d": 1}
    assert made.without == 1
    assert made.clusters["a"] == "x"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("item,score\na,1\n", "row 1: no column model among item, score; columns: item, model, score or pass"),
        ("item,model\na,m\n", "row 1: no column score or pass"),
        ("item,model,score\na,m,1\nb,m,85\n", "row 3: score 85 is not from 0 to 1: divide by the highest"),
        ("item,model,pass\na,m,0.5\n", "row 2: pass 0.5 is not 0 or 1; call the column score"),
        ("item,model,score\na,m,good\n", "row 2: score 'good': a number from 0 to 1"),
        ("item,model,score\na,,1\n", "row 2: model is empty"),
        ("item,model,score\na,m,nan\n", "row 2: score nan is not from 0 to 1"),
        ("item,model,score,input_tokens\na,m,1,1.5\n", "row 2: input_tokens '1.5': a whole number"),
        ("item,model,score,input_tokens,cached_tokens\na,m,1,5,9\n", "row 2: cached_tokens 9 is more than"),
        ("item,model,score,cluster\na,m,1,x\na,n,1,y\n", "row 3: item 'a' is of cluster 'y', in an earlier row of 'x'"),
        ("item,model,score,cluster\na,m,1,x\nb,m,1,\n", "item 'b' names no cluster, others do"),
        ("item,model,score\na,m,1,2\n", "row 2: more cells than the head has columns"),
        ("item,model,score\n", "no row with an outcome"),
        ('{"item": "a", "model": "m", "score": 1}\nnope\n', "row 2: no JSON object"),
        ('{"item": "a"}\n', "row 1: no column model, score or pass"),
    ],
)
def test_what_is_wrong_is_said_with_row_and_remedy(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "results.csv"
    path.write_text(content)
    with pytest.raises(ResultsError) as caught:
        read(path)
    assert str(path) in str(caught.value)
    assert reason in str(caught.value)


def test_every_fault_is_said_up_to_twenty(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("item,model,score\n" + "a,m,7\n" * 30)
    with pytest.raises(ResultsError) as caught:
        read(path)
    lines = str(caught.value).splitlines()
    assert (len(lines), lines[-1]) == (21, "and more")


@given(st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 500), st.integers(0, 900)), min_size=1, max_size=4))
def test_sums_are_those_of_the_calls(tokens: list[tuple[int, int, int]]) -> None:
    """Of one call exactly; of several alike, the sums of each."""
    for fresh, cached, output in tokens:
        one = Sums()
        one.add(Call(id="c", run="r", input_tokens=fresh + cached, cached_tokens=cached, output_tokens=output))
        assert sums_of(fresh, cached, output, 1) == one
        thrice = Sums()
        for _ in range(3):
            thrice.merge(one)
        assert sums_of(3 * fresh, 3 * cached, 3 * output, 3) == thrice
    whole = [sum(column) for column in zip(*tokens, strict=True)]
    made = sums_of(*whole, 3)
    assert (made.calls, made.input, made.output) == (3, whole[0] + whole[1], whole[2])
