"""Files of strangers: bounds, and the line of each fault."""

import gzip
import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from shelf.any_card import VALUES

from jevons.shelf.card import Card
from jevons.shelf.folder import read
from jevons.shelf.text import LARGEST, CardError, from_json, from_yaml, json_lines, plain, yaml_lines

TRAINED = '{"schema": "jevons.card/1", "id": "a", "name": "a", "training": ['


def paths(value, path=()):
    if isinstance(value, dict):
        for key, one in value.items():
            yield (*path, key)
            yield from paths(one, (*path, key))
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield (*path, place)
            yield from paths(one, (*path, place))


@given(VALUES)
def test_every_value_of_json_has_the_line_that_it_stands_on(value):
    text = json.dumps(value, indent=1)  # one value a line
    found = json_lines(text)
    lines = text.split("\n")
    assert set(paths(value)) <= set(found)
    for path in paths(value):
        line = lines[found[path] - 1]
        if isinstance(path[-1], str):
            assert line.strip().startswith(json.dumps(path[-1]) + ":")


@given(
    st.dictionaries(st.from_regex(r"\A[a-z]{1,6}\Z"), st.integers() | st.lists(st.integers(), max_size=3), max_size=5)
)
def test_every_key_of_yaml_has_its_line(value):
    text = yaml.safe_dump(value, sort_keys=False)
    found = yaml_lines(text, first=3)
    for key in value:
        assert text.split("\n")[found[key,] - 3].replace("'", "").startswith(f"{key}:")  # 'no' is quoted


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ('{\n "schema": "jevons.card/1",\n "id": "a",\n "name": "a",\n "calls": -1\n}', 5, "0 at least"),
        ('{\n "schema": "jevons.card/1",\n "id": "a",\n "name": "a",\n "colour": 1\n}', 5, "unknown field"),
        ('{\n "schema": "jevons.card/1",\n "id": "a/b",\n "name": "a"\n}', 3, "id"),
        ('{\n "schema": "jevons.card/1",\n "id": "a",\n "name": "a",\n "first_use": "soon"\n}', 1, "a date"),
        ('{\n "schema": "jevons.card/1"\n "id": "a"}', 3, "not JSON"),
        ('{"schema": "jevons.card/1", "calls": NaN}', 1, "NaN"),
        ("[" * 5000, 1, "nested"),
        (TRAINED + '\n{"energy":\n{"value": 1, "unit": "kg"}}]}', 2, "energy in kg"),
        (TRAINED + '{"carbon":\n{"value": 3, "unit": "t", "low": 4, "high": 5}}]}', 1, "in this order"),
        (TRAINED + '{"carbon":{\n"value": 3, "unit": "stone"}}]}', 1, "stone"),
    ],
)  # fmt: skip
def test_a_fault_has_file_and_line(text, line, says):
    with pytest.raises(CardError) as raised:
        read(text.encode(), "card.json")
    (fault,) = raised.value.faults
    assert (fault.file, fault.line) == ("card.json", line)
    assert says in fault.what


def test_what_is_too_large_is_not_read():
    with pytest.raises(CardError, match="2 MB at most"):
        plain(b"x" * 10_000_000, "big.json")
    bomb = gzip.compress(b" " * (LARGEST + 1))
    assert len(bomb) < 10_000
    with pytest.raises(CardError, match="2 MB at most"):
        plain(bomb, "bomb.gz")
    assert plain(gzip.compress(b"abc"), "x") == "abc"


def test_what_is_no_utf8_has_its_line():
    with pytest.raises(CardError, match=r"^f:2: not UTF-8"):
        plain(b"a\n\xff", "f")


def test_yaml_that_expands_without_end_is_refused():
    bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 10)}]\n" for n in range(8)
    )
    with pytest.raises(CardError, match="expand"):
        from_yaml(bomb, "bomb.md")


def test_json_that_is_none_says_the_line():
    with pytest.raises(CardError, match=r"^x:2: not JSON"):
        from_json('{"a": 1,\n"b" 2}', "x")


@given(st.binary(max_size=200))
def test_any_bytes_make_a_card_or_an_error_with_a_line(data):
    faults = ()
    try:
        assert isinstance(read(data, "x"), Card)
    except CardError as error:
        faults = error.faults
    assert all(fault.line >= 1 and fault.what for fault in faults)
