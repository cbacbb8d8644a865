"""Records as lines: what goes in comes out, whichever version wrote it."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.record import Call, Run, TestResult, decode, encode

texts = st.text(max_size=50)
small = st.none() | st.integers(0, 2**53)


@given(
    st.builds(Call, id=texts, run=texts, test=texts, model=texts, input_tokens=small, started_us=st.integers(0, 2**62))
    | st.builds(TestResult, run=texts, test=texts, fixtures=st.lists(texts))
    | st.builds(Run, id=texts, versions=st.dictionaries(texts, texts))
)
def test_a_record_is_one_line_and_comes_back_equal(event: Call | TestResult | Run) -> None:
    line = encode(event)
    assert b"\n" not in line
    assert decode(line) == event


def test_fields_of_a_newer_version_are_skipped() -> None:
    assert decode(b'{"event":"run","id":"r","moon_phase":3}') == Run(id="r")


@pytest.mark.parametrize("line", [b"", b"{", b'{"event":"call","id":"x"', b'{"event":"call"}', b'{"event":"no"}', b"7"])
def test_what_is_no_record_is_refused(line: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(line)
