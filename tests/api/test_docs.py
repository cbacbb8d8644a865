"""The examples of the Python API's documentation run as they stand."""

from __future__ import annotations

import doctest
import importlib
import json
import pkgutil
from pathlib import Path

import pytest
from cli.test_compare import record

import jevons
import jevons.api

MODULES = [f"jevons.api.{one.name}" for one in pkgutil.iter_modules(jevons.api.__path__)]
EXAMPLE = Path(__file__).parents[2] / "examples" / "places" / "calls.har"


@pytest.fixture
def names(tmp_path: Path) -> dict[str, object]:
    """What the examples speak of: a project with one run of four calls, and a recording of one call."""
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    record(tmp_path, 1, 4)
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    whole = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    whole["log"]["entries"] = whole["log"]["entries"][:1]
    (recordings / "calls.har").write_text(json.dumps(whole))
    return {"jevons": jevons, "folder": tmp_path, "recordings": recordings}


def test_examples_are_true(names: dict[str, object]) -> None:
    tried = 0
    for name in ("jevons.api", *MODULES):
        failed, run = doctest.testmod(importlib.import_module(name), globs=dict(names), optionflags=doctest.ELLIPSIS)
        assert not failed, name
        tried += run
    assert tried >= 10


def test_what_is_public_is_documented_and_typed() -> None:
    for name in jevons.api.__all__:
        one = getattr(jevons.api, name)
        assert one.__doc__, name
        for method in (value for key, value in vars(one).items() if callable(value) and not key.startswith("_")):
            assert method.__doc__, (name, method)
            assert "return" in method.__annotations__, (name, method)
