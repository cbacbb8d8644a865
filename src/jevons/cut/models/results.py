"""Results of several models on the same items: CSV, JSON lines or Parquet, a row for each item and model.

Columns: ``item``, ``model``, and ``score`` (0 to 1) or ``pass``; where known ``input_tokens``, ``cached_tokens``,
``output_tokens``, ``calls`` of the row, and ``cluster`` (what items share). An item that stands there several
times with a model was tried so often: it counts with the mean. CSV and JSON lines may be packed with gzip.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from jevons.factors import look_up
from jevons.ledger.cells import Key, Sums
from jevons.ledger.days import UNKNOWN

SCORES = ("score", "pass", "passed")
TOKENS = ("input_tokens", "cached_tokens", "output_tokens")
COLUMNS = ("item", "model", *SCORES, *TOKENS, "calls", "cluster")
FAULTS = 20
"""Rows that are named of a file that cannot be read."""
_WORDS = {"true": 1.0, "passed": 1.0, "pass": 1.0, "yes": 1.0, "false": 0.0, "failed": 0.0, "fail": 0.0, "no": 0.0}
_HINT = "columns: item, model, score or pass; also input_tokens, output_tokens, cached_tokens, calls, cluster"


class ResultsError(ValueError):
    """Results that cannot be read: names file, rows and remedy."""


class Answers(msgspec.Struct):
    """What one model did with one item."""

    score: float = 0.0
    """Sum over tries."""
    tries: int = 0
    spent: dict[Key, Sums] = {}
    """Of the tries whose tokens are known."""
    told: int = 0
    """How many those are."""

    @property
    def mean(self) -> float:
        """Score of the item."""
        return self.score / self.tries


class Results(msgspec.Struct):
    """Answers by model and item."""

    name: str
    """Where they are from."""
    models: dict[str, dict[str, Answers]] = {}
    clusters: dict[str, str] = {}
    """What an item shares with others, by item; empty where nobody said."""
    without: int = 0
    """Rows without an outcome, left out."""
    notes: list[str] = []

    def add(self, model: str, item: str, score: float, spent: Mapping[Key, Sums]) -> None:
        """One try."""
        one = self.models.setdefault(model, {}).setdefault(item, Answers())
        one.score, one.tries, one.told = one.score + score, one.tries + 1, one.told + bool(spent)
        for key, sums in spent.items():
            if key in one.spent:
                one.spent[key].merge(sums)
            else:
                one.spent[key] = sums


def read(path: Path) -> Results:
    """The results of a file. Raises ResultsError; ImportError where Parquet needs duckdb."""
    made, faults = Results(str(path)), []
    for row, given in _rows(path):
        try:
            _take(made, {name: given.get(name) for name in COLUMNS})
        except ValueError as error:
            faults.append(f"{path}, row {row}: {error}")
            if len(faults) > FAULTS:
                faults[-1] = "and more"
                break
    if faults:
        raise ResultsError("\n".join(faults))
    if not made.models:
        raise ResultsError(f"{path}: no row with an outcome; {_HINT}")
    lone = next((item for of in made.models.values() for item in of if item not in made.clusters), "")
    if made.clusters and lone:
        raise ResultsError(f"{path}: item {lone!r} names no cluster, others do: name one for every item, or for none")
    return made


def sums_of(fresh: int, cached: int, output: int, calls: int) -> Sums:
    """Sums of some calls that share these tokens evenly: input not from a cache, input from one, output."""
    made = Sums()
    for at in range(calls):
        f, c, o = (whole // calls + (at < whole % calls) for whole in (fresh, cached, output))
        made.calls += 1
        made.input, made.cached, made.output = made.input + f + c, made.cached + c, made.output + o
        made.prefill_pairs += f * c + f * (f - 1) // 2
        made.kv_reads += o * (f + c) + o * (o - 1) // 2
    return made


def key_of(model: str) -> Key:
    """The physics key of a chat model in a cloud that nobody says more of: its maker's, two makers in two."""
    return Key("chat", look_up(model).maker, "cloud", model, "", "live", "reported", "2xx", UNKNOWN)


def _take(made: Results, given: Mapping[str, Any]) -> None:
    item, model = (_name(given, column) for column in ("item", "model"))
    column = next((name for name in SCORES if not _empty(given[name])), "")
    if not _empty(given["cluster"]):
        cluster = str(given["cluster"]).strip()
        had = made.clusters.setdefault(item, cluster)
        if had != cluster:
            raise ValueError(f"item {item!r} is of cluster {cluster!r}, in an earlier row of {had!r}")
    if not column:
        made.without += 1
        return
    score = _score(given[column], column)
    fresh, cached, output = (_count(given, name) for name in TOKENS)
    calls = 1 if _empty(given["calls"]) else _count(given, "calls")
    if cached > fresh:
        raise ValueError(f"cached_tokens {cached} is more than input_tokens {fresh}: input_tokens counts both")
    known = not _empty(given["input_tokens"]) and not _empty(given["output_tokens"]) and (fresh or output) and calls
    spent = {key_of(model): sums_of(fresh - cached, cached, output, calls)} if known else {}
    made.add(model, item, score, spent)


def _name(given: Mapping[str, Any], column: str) -> str:
    if _empty(given[column]):
        raise ValueError(f"{column} is empty: name it; {_HINT}")
    return str(given[column]).strip()


def _score(value: Any, column: str) -> float:
    text = str(value).strip().lower()
    try:
        score = _WORDS[text] if text in _WORDS else float(text)
    except ValueError:
        raise ValueError(f"{column} {value!r}: a number from 0 to 1, or true, false, passed, failed") from None
    if not 0 <= score <= 1 or (column != "score" and score not in (0, 1)):
        allowed = "from 0 to 1: divide by the highest" if column == "score" else "0 or 1; call the column score"
        raise ValueError(f"{column} {value} is not {allowed}")
    return score


def _count(given: Mapping[str, Any], column: str) -> int:
    value = given[column]
    if _empty(value):
        return 0
    try:
        number = float(value)
        if number != int(number) or number < 0:
            raise ValueError
    except (ValueError, OverflowError, TypeError):
        raise ValueError(f"{column} {value!r}: a whole number, or empty where it is not known") from None
    return int(number)


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip()) or value != value  # NaN


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """(row as an editor numbers it, columns)."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ResultsError(f"{path}: cannot be read ({error.strerror})") from None
    if raw[:4] == b"PAR1":
        yield from _parquet(path)
        return
    try:
        if raw[:2] == b"\x1f\x8b":
            raw = gzip.decompress(raw)
        text = raw.decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise ResultsError(f"{path}: neither UTF-8 text, gzip of that, nor Parquet ({error})") from None
    yield from _json_lines(path, text) if text.lstrip()[:1] == "{" else _csv(path, text)


def _csv(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        reader.fieldnames = [column.strip() for column in reader.fieldnames or []]
        _check(path, "row 1", reader.fieldnames)
        for given in reader:
            if None in given:
                raise ResultsError(f"{path}, row {reader.line_num}: more cells than the head has columns")
            yield reader.line_num, given
    except csv.Error as error:
        raise ResultsError(f"{path}, row {reader.line_num}: not CSV: {error}") from None


def _json_lines(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    decoder = msgspec.json.Decoder(dict[str, Any])
    checked = False
    for row, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            given = decoder.decode(line)
        except msgspec.MsgspecError as error:
            raise ResultsError(f"{path}, row {row}: no JSON object: {error}") from None
        if not checked:
            _check(path, f"row {row}", given)
            checked = True
        yield row, given


def _parquet(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    import duckdb

    try:
        found = duckdb.read_parquet(str(path))
        _check(path, "its columns", found.columns)
        named = [name for name in COLUMNS if name in found.columns]
        rows = found.project(", ".join(f'"{name}"' for name in named)).fetchall()
    except duckdb.Error as error:
        raise ResultsError(f"{path}: not readable as Parquet: {str(error).splitlines()[0]}") from None
    for row, values in enumerate(rows, 1):
        yield row, dict(zip(named, values, strict=True))


def _check(path: Path, where: str, columns: Iterable[str]) -> None:
    columns = list(columns)
    missing = [name for name in ("item", "model") if name not in columns]
    missing += [] if set(columns) & set(SCORES) else ["score or pass"]
    if missing:
        raise ResultsError(f"{path}, {where}: no column {', '.join(missing)} among {', '.join(columns[:12])}; {_HINT}")
