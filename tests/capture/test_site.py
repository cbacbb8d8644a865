"""Call sites and roles."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from jevons.capture.site import Site


def call_from(file: str, qualname: str, root: Path, judges: tuple[str, ...] = ()) -> tuple[str, int, bool]:
    """What `Site.look` says of a call made in a function of that name, compiled as from that file."""
    site = Site(root, judges)
    names = qualname.split(".")
    source = ""
    for depth, name in enumerate(names[:-1]):
        source += "    " * depth + f"class {name}:\n"
    indent = "    " * (len(names) - 1)
    source += f"{indent}def {names[-1]}(look):\n{indent}    return look()\n"
    space: dict[str, object] = {}
    exec(compile(source, file, "exec"), space)
    found: object = space[names[0]]
    for name in names[1:]:
        found = getattr(found, name)
    return found(lambda: site.look(2))  # type: ignore[operator]


@pytest.mark.parametrize(
    ("qualname", "judge"),
    [
        ("ask", False),
        ("RubricJudge.score", True),
        ("Grader.grade", True),
        ("run_evaluator", True),
        ("TestAnswersJudged.test_it", False),
        ("TestAnswers.judge", True),
        ("test_the_judge_is_fair", False),
    ],
)
def test_roles_by_name(tmp_path: Path, qualname: str, judge: bool) -> None:
    file = tmp_path / "pkg" / "mod.py"
    relative, line, judging = call_from(str(file), qualname, tmp_path)
    assert (relative, judging) == ("pkg/mod.py", judge)
    assert line == len(qualname.split(".")) + 1


def test_names_that_are_set_judge_too(tmp_path: Path) -> None:
    assert call_from(str(tmp_path / "a" / "b.py"), "check", tmp_path, ("a.b:check",))[2]
    assert not call_from(str(tmp_path / "a" / "c.py"), "check", tmp_path, ("a.b:check",))[2]


def test_packages_that_judge_and_files_outside_the_project(tmp_path: Path) -> None:
    packages = Path(sys.prefix) / "lib" / "site-packages"
    assert call_from(str(packages / "deepeval" / "metrics.py"), "measure", tmp_path) == ("", 0, True)
    assert call_from(str(packages / "openai" / "resources.py"), "create", tmp_path) == ("", 0, False)
    assert call_from("/elsewhere/secret-name/x.py", "ask", tmp_path)[0] == ""


def test_a_windows_path_is_given_with_slashes(monkeypatch: pytest.MonkeyPatch) -> None:
    import ntpath

    from jevons.capture import site

    monkeypatch.setattr(site.os, "path", ntpath)
    monkeypatch.setattr(site.os, "sep", "\\")
    root = type("Root", (), {"__str__": lambda self: r"C:\Work\Suite"})()
    assert call_from(r"C:\work\suite\tests\test_a.py", "test_a", root)[0] == "tests/test_a.py"  # type: ignore[arg-type]
