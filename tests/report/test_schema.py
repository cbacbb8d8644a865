"""The document is what its published JSON Schema says, and reads back as it was."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from report.test_build import calls, results
from report.whole import record, whole

from jevons.ledger.recorded import of_calls
from jevons.record import Call, Run, TestResult
from jevons.report.build import build
from jevons.report.document import Document
from jevons.report.render import render
from jevons.report.schema import schema

from hypothesis import strategies as st  # isort: skip

jsonschema = pytest.importorskip("jsonschema", reason="what validates schemas is not installed")
VALIDATOR = jsonschema.Draft202012Validator(schema())


def test_it_is_a_schema_that_names_its_version() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    assert schema()["title"] == "jevons.report/1"


def test_it_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    from jevons.cli.report import command

    command.main(["--schema"], standalone_mode=False)
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(schema()))


@settings(max_examples=30)
@given(st.lists(calls, max_size=12), st.lists(results, max_size=4))
def test_random_documents_validate_and_read_back(made: list[Call], tests: list[TestResult]) -> None:
    document = build([of_calls(Run(id="r"), made, tests)])
    text = render(document, "json")
    VALIDATOR.validate(json.loads(text))
    assert msgspec.json.decode(text, type=Document) == document


def test_a_document_with_all_parts_validates(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        "[tool.jevons.budget]\nrun = {calls = 5, carbon_g = 20}\ntest = {calls = 1}\nmonth = {calls = 9}\n"
    )
    record(tmp_path, 1, ["t.py::a", "t.py::b"])
    record(tmp_path, 2, ["t.py::a", "t.py::b", "u.py::c"])
    document = whole(tmp_path)
    VALIDATOR.validate(json.loads(render(document, "json")))
    assert document.gate is not None
    assert [one.days[-1].used for one in document.burn] == [5]
    assert document.places is not None
    assert {table.by for table in document.tables} == {"model", "role", "file"}
    for part in ("change", "advice"):  # there, or why not is said
        assert bool(getattr(document, part)) != (part in document.left_out)


@pytest.mark.parametrize("broken", [{"counts": {"calls": "many"}}, {"level": None}, {"run": 7}])
def test_what_is_no_document_does_not_validate(broken: dict[str, object]) -> None:
    document = json.loads(render(build([]), "json"))
    VALIDATOR.validate(document)
    assert list(VALIDATOR.iter_errors(document | broken))
