"""`jevons factors`: the figures, how they were found, and what is wrong with a file."""

import csv
import io
import json

import pytest
from click.testing import CliRunner

from jevons.cli.factors import command
from jevons.factors import quantities
from jevons.footprint import METHOD_VERSION

HEAD = "name,place,year,value,low,high,unit,source\n"
OURS = HEAD + "grid,SE,,12.5,10,15,gCO2e/kWh,our meter\npue,openai,,1.2,,,1,our contract\n"


def run(*arguments):
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


@pytest.fixture
def ours(tmp_path):
    path = tmp_path / "ours.csv"
    path.write_text(OURS, encoding="utf-8")
    return path


def test_the_list_has_every_quantity_with_unit_and_source():
    rows = list(csv.DictReader(io.StringIO(run("--format", "csv").stdout)))
    assert {row["name"]: row["unit"] for row in rows} == {name: of.unit for name, of in quantities().items()}
    for row in rows:
        assert row["source"]
        assert (int(row["rows"]) > 0) == (row["name"] != "grid_market")
    assert "carbon of a place's electricity" in run().stdout


def test_a_figure_shows_interval_scope_source_licence_and_each_step():
    shown = run("grid", "--place", "us-east-1").stdout
    for text in ("SERC Virginia/Carolina", "2023", "lifecycle", "eGRID2023", "public domain", "eGRID subregion SRVC"):
        assert text in shown
    steps = run("grid", "--place", "AD", "--year", "2016").stdout
    assert "no row for AND" in steps
    assert "continent Europe" in steps
    assert "nearest year 2019" in steps


def test_json_carries_schema_method_and_the_whole_figure(ours):
    document = json.loads(run("grid", "--place", "SE", "--file", ours, "--format", "json").stdout)
    assert document["schema"] == "jevons.factors/1"
    assert document["method"] == METHOD_VERSION
    (figure,) = document["factors"]
    assert (figure["value"], figure["low"], figure["high"]) == (12.5, 10, 15)
    assert figure["source"] == f"our meter ({ours}, row 2)"
    assert "replaces the tables" in figure["steps"][0]


def test_csv_has_steps_in_one_cell():
    (row,) = csv.DictReader(io.StringIO(run("aware", "--place", "us-east-1", "--format", "csv").stdout))
    assert row["value"] == "1.62"
    assert row["steps"].count(" > ") >= 2


def test_a_place_of_pue_may_be_a_provider(ours):
    assert "1.2 (90 %" in run("pue", "--place", "OpenAI", "--file", ours).stdout
    assert "fleet of aws" in run("pue", "--place", "aws.bedrock").stdout


def test_check_counts_a_good_file_and_tells_all_faults_of_a_bad_one(ours, tmp_path):
    good = run("--check", ours)
    assert good.exit_code == 0
    assert "2 factors" in good.stdout
    bad = tmp_path / "bad.csv"
    bad.write_text(OURS + "grid,SE,,1,,,g,s\nwue,x,,1,2,1,L/kWh,\n", encoding="utf-8")
    for option in ("--check", "--file"):
        refused = run(option, bad)
        assert refused.exit_code == 2
        for text in (f"{bad}, row 4: unit 'g'", f"{bad}, row 5: no source", f"{bad}, row 5: place 'x'", "row 5: low 2"):
            assert text in refused.output


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (("grit",), "there are grid,"),
        (("grid", "--place", "atlantis"), "ISO 3166"),
        (("grid_market", "--place", "SE"), "--file"),
        (("--place", "SE"), "need the NAME"),
        (("grid", "--year", "25"), "1990"),
        (("grid", "--file", "absent.csv"), "check the path"),
    ],
)
def test_errors_name_the_remedy(arguments, remedy):
    made = run(*arguments)
    assert made.exit_code == 2
    assert remedy in made.output


def test_help_has_examples():
    assert "jevons factors grid --place SE --file ours.csv" in run("--help").stdout
