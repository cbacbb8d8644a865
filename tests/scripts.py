"""The project's ``validation/`` folder, for tests: its scripts find one another by their bare names."""

from __future__ import annotations

import importlib.util
import pathlib
from types import ModuleType

import pytest

FOLDER = pathlib.Path(__file__).parents[1] / "validation"


def module(name: str) -> ModuleType:
    """``validation/NAME.py``, loaded under a name of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FOLDER))
        spec = importlib.util.spec_from_file_location(f"validation_{name}", FOLDER / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        made = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(made)
    return made
