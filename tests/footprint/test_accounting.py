"""The bars of the accounting, measured by ``validation/accounting.py``."""

import pytest
import scripts

from jevons.footprint import Figures, account
from jevons.ledger.cells import cells


@pytest.fixture(scope="module")
def measured():
    pytest.importorskip("scipy", reason="joint draws need numpy and scipy: extra report")
    return scripts.module("accounting")


def test_every_group_is_within_two_percent_of_the_step(measured):
    found = list(measured.linear_errors())
    assert len(found) == 20
    assert max(worst for *_, worst in found) < 0.02
    assert max(worst for *_, worst in found) > 1e-6  # it is no identity


def test_any_partition_of_ten_thousand_calls_adds_up(measured):
    calls = measured.some_calls()
    assert measured.partition_error(calls) < 1e-12
    figures = Figures()
    for one in account(cells(calls)):
        figures.add(one.figures)
    assert figures.amount("energy_wh") > 0


def test_written_intervals_are_hardly_narrower_than_drawn_ones(measured):
    narrower, wider, error = measured.draws_apart(measured.some_calls(500))
    assert 0 < error < 0.05
    assert narrower < 0.05
    assert wider < 0.25


def test_grids_of_six_countries_are_embers(measured, shared_data):
    assert measured.grid_apart(shared_data / "factors") < 0.005
