"""Acting on a module when it is imported."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from jevons.capture.imports import Watch


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "fresh_module.py").write_text("VALUE = 1\n")
    (tmp_path / "broken_module.py").write_text("1 / 0\n")
    yield tmp_path
    for name in ("fresh_module", "broken_module"):
        sys.modules.pop(name, None)


def test_now_if_it_is_there_else_right_after_its_import(package: Path) -> None:
    seen: list[str] = []

    def act(module: ModuleType) -> None:
        seen.append(module.__name__)
        module.ACTED = True  # type: ignore[attr-defined]

    watch = Watch({"json": act, "fresh_module": act, "never_there": act})
    try:
        assert seen == ["json"]
        module = importlib.import_module("fresh_module")
        assert seen == ["json", "fresh_module"]
        assert (module.VALUE, module.ACTED) == (1, True)
        assert type(module.__loader__).__name__ == "SourceFileLoader"
        assert module.__spec__ is not None
        assert module.__spec__.loader is module.__loader__
        assert importlib.reload(module).VALUE == 1
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module("never_there")
    finally:
        watch.stop()
        del sys.modules["json"].ACTED
    assert watch not in sys.meta_path


def test_an_import_that_fails_fails_as_it_would_and_can_be_tried_again(package: Path) -> None:
    seen: list[ModuleType] = []
    watch = Watch({"broken_module": seen.append})
    try:
        with pytest.raises(ZeroDivisionError):
            importlib.import_module("broken_module")
        assert not seen
    finally:
        watch.stop()
