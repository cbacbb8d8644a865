"""`jevons estimate`: a table in, the same with figures out; what cannot be read is named by row."""

import csv
import io

import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from jevons import factors
from jevons.cli.estimate import command
from jevons.footprint.table import COLUMNS, RESULTS, row

FULL = {
    "model": "meta-llama/Llama-3.1-70B-Instruct", "architecture": "dense",
    "total_params_b": "70", "active_params_b": "70", "weight_bits": "16",
    "gpu": "H100-SXM-80GB", "n_gpus": "4", "engine": "vLLM 0.11.1", "batch_avg": "64",
    "input_tokens": "150", "output_tokens": "400", "itl_s": "", "place": "SWE",
}  # fmt: skip


def run(text, *options):
    return CliRunner().invoke(command, ["-", *options], input=text)


def table(*rows):
    made = io.StringIO()
    writer = csv.DictWriter(made, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return made.getvalue()


def test_csv_keeps_the_rows_and_adds_results():
    made = run(table(FULL, FULL | {"place": "POL"}), "--format", "csv")
    assert made.exit_code == 0, made.output
    swedish, polish = csv.DictReader(made.stdout.splitlines())
    assert {name: swedish[name] for name in COLUMNS} == FULL
    assert swedish["trust"] == "parameters, serving known, known lineage"
    for what in RESULTS:
        assert 0 < float(swedish[f"{what}_low"]) < float(swedish[f"{what}_mid"]) < float(swedish[f"{what}_high"])
    assert swedish["gpu_energy_j_mid"] == polish["gpu_energy_j_mid"]
    assert float(polish["carbon_g_mid"]) > 10 * float(swedish["carbon_g_mid"])


def test_the_chain_holds_each_factor_once():
    """Facility over GPU energy is host x idle x PUE: 83/58 x 93/83 x the average PUE."""
    from jevons import factors

    made = row(FULL)
    chain = float(made["energy_wh_mid"]) * 3600 / float(made["gpu_energy_j_mid"])
    assert chain == pytest.approx(83 / 58 * 93 / 83 * factors.pue("", "SWE").value, rel=1e-3)


def test_knowing_less_is_less_sure_and_says_so():
    known, seen, blind = (
        row(FULL | change)
        for change in ({}, {"batch_avg": "", "itl_s": "0.03"}, {"batch_avg": "", "gpu": "", "n_gpus": "", "engine": ""})
    )
    widths = [float(made["gpu_energy_j_high"]) / float(made["gpu_energy_j_low"]) for made in (known, seen, blind)]
    assert widths == sorted(widths)
    assert [made["trust"] for made in (seen, blind)] == [
        "parameters, latency known, known lineage", "parameters, model known, known lineage",
    ]  # fmt: skip


def test_what_is_unknown_has_no_figure_and_never_zero():
    for change in ({"output_tokens": ""}, {"model": "", "total_params_b": ""}):
        made = row(FULL | change)
        assert made["trust"] == "nothing"
        assert made["note"]
        assert made["energy_wh_mid"] == ""


def test_notes_name_what_was_assumed():
    made = row(FULL | {"gpu": "Cerebras", "input_tokens": "", "place": "Atlantis"})
    assert "gpu Cerebras" in made["note"]
    assert "input_tokens unknown" in made["note"]
    assert "place Atlantis" in made["note"]
    assert row(FULL | {"engine": "TGI"})["trust"].endswith("extrapolated")


def test_faults_are_named_by_row_all_at_once():
    made = run(table(FULL, FULL | {"n_gpus": "four"}, FULL | {"batch_avg": "-1"}, FULL | {"architecture": "rnn"}))
    assert made.exit_code == 2
    assert "row 3: n_gpus 'four' is not a number" in made.output
    assert "row 4: batch_avg -1" in made.output
    assert "row 5: architecture 'rnn'" in made.output


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a,b\n1,2\n", "no column that is known"),
        ("model,gpu\nx,y,z\n", "more cells"),
        (b"model\n\xff\n", "UTF-8"),
        ("", "no column"),
    ],
)
def test_what_is_no_such_table(text, says):
    made = CliRunner().invoke(command, ["-"], input=text)
    assert made.exit_code == 2
    assert says in made.output


def test_json_and_text():
    document = msgspec.json.decode(run(table(FULL), "--format", "json").stdout)
    assert document["schema"] == "jevons.estimate/1"
    assert document["rows"][0]["model"] == FULL["model"]
    text = run("﻿" + table(FULL)).stdout
    assert text.startswith("1. meta-llama/Llama-3.1-70B-Instruct: ")
    assert "Wh" in text


cell = st.one_of(st.text(max_size=12), st.sampled_from(["", "1", "0.5", "1e9", "nan", "-3", "H100", "moe", "gpt-4o"]))


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(COLUMNS, cell)))
def test_any_row_gives_a_figure_or_says_why_not(given_):
    fault, made = "", {}
    try:
        made = row(given_)
    except ValueError as error:
        fault = str(error)
    assert any(name in fault for name in COLUMNS) if fault else made["energy_wh_mid"] or made["note"]


def test_an_engine_for_machines_of_ones_own_is_a_whole_machine_at_its_place():
    blind = FULL | {"gpu": "", "n_gpus": "", "batch_avg": ""}
    made = row(blind | {"engine": "llama.cpp b3600", "place": "SE"})
    assert "whole machine" in made["note"]
    assert made["trust"] == "parameters, a machine of one's own"
    joules, wh, g = (float(made[name]) for name in ("gpu_energy_j_mid", "energy_wh_mid", "carbon_g_mid"))
    assert wh == pytest.approx(joules / 3600, rel=1e-5)  # no PUE
    assert g == pytest.approx(wh / 1e3 * factors.intensity("SE").value, rel=1e-4)
    card = row(FULL | {"engine": "llama.cpp b3600"})  # on a named card it is a server
    assert card["trust"].endswith("extrapolated")


def test_code_without_a_serving_engine_is_dearer():
    served, eager = (row(FULL | {"engine": engine}) for engine in ("TGI 3", "transformers 4.45"))
    assert float(eager["gpu_energy_j_mid"]) > float(served["gpu_energy_j_mid"])
    assert float(eager["gpu_energy_j_high"]) > 3 * float(served["gpu_energy_j_high"])
