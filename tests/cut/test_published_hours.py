"""Published cases of cleaner hours that the runner has never seen: wrong figures fail, unknown ones do not pass."""

import pytest
import scripts


@pytest.fixture(scope="module")
def published(shared_data):
    return scripts.module("published")


def case(inputs, expected, kind="reproduce"):
    return {"id": "new", "theme": 9, "title": "", "kind": kind, "source": "", "formula": "", "inputs": inputs,
            "expected": expected, "tolerance": {}}  # fmt: skip


def test_every_case_of_the_file_passes(published):
    made = [one for one in published.outcomes(published.CASES) if one.theme == 9]
    assert [(one.id, one.status) for one in made if one.status != "passed"] == []
    assert len(made) == 3


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"window_h": 8}, {"ger": 14.5, "gb": 10.2, "fr": 7.5}),
        ({"window_h": 8}, {"fr": 7.8}),
        ({"window_h": 2}, {"ger": 13.5}),  # a narrower window saves less
        ({"data": "2020"}, {"mean": {"ger": 313.396106, "fr": 56.4}}),
        ({"models": ["a", "b"]}, {"flexible_start": [7, 4], "pause_resume": [9, 3.9], "invariant_pr_ge_fs": True}),
        ({"owls": 1}, {"ger": 13.5}),
    ],
)
def test_wrong_figures_fail(published, inputs, expected):
    assert published.run(case(inputs, expected)).status == "failed"


def test_no_window_saves_nothing(published):
    assert published.run(case({"window_h": 0}, {"ger": 0, "gb": 0, "fr": 0})).status == "passed"
