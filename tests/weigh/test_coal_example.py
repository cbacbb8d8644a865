"""Jevons' tables of coal: what the example prints is what he printed in 1866, and its page says the same."""

import runpy
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "coal"
# The Coal Question, 2nd edition, chapter XII: increase as for fifty years, and its rate in percent.
PRINTED = {
    "Newcastle vend": ["279,643 110", "141,250 27", "543,467 84", "1,326,608 111", "12,367,025 372"],
    "London imports": ["212,100 98", "260,600 61", "410,300 60", "2,539,883 231", "7,570,190 404"],
}


def test_it_works_out_what_jevons_printed_and_claims_no_rebound(capsys):
    runpy.run_path(str(EXAMPLE / "grow.py"))
    said = capsys.readouterr().out
    for series, printed in PRINTED.items():
        rows = [line.removeprefix(series).split() for line in said.splitlines() if line.startswith(series)]
        worked_out = [f"{tons} {rate.removesuffix('%')}" for _, tons, _, rate, *_ in rows]
        assert worked_out == printed
    assert said.splitlines()[-1].startswith("rebound: not shown")
    page = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    assert f"```text\n{said}```" in page
