"""Places by code and by name, however they are written."""

from __future__ import annotations

import pytest

from jevons.factors.places import chain, known


@pytest.mark.parametrize(("place", "zone"), [("de", "DEU"), ("DEU", "DEU"), ("us-ca", "US-CA"), ("south sudan", "SSD")])
def test_a_code_or_a_name_in_any_case(place: str, zone: str) -> None:
    assert chain(place)[0][0] == zone


@pytest.mark.parametrize("place", ["ß", "ſs", "ıt"])  # whose upper case is SS, SS, IT
def test_other_letters_are_no_code(place: str) -> None:
    assert not known(place)
