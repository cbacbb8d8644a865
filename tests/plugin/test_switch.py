"""Switching jevons on and off."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.slow

ONE = "def test_one(ask):\n    assert ask()\n"


def kept(suite) -> bool:
    return (suite.path / ".jevons").exists()


def test_off_unless_asked_for(suite) -> None:
    suite.run(test_it=ONE).assert_outcomes(passed=1)
    assert not kept(suite)


@pytest.mark.parametrize("value", ["1", "true", "on"])
def test_the_environment_switches_it_on(suite, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("JEVONS", value)
    suite.run(test_it=ONE).assert_outcomes(passed=1)
    assert len(suite.reading.calls) == 1


def test_pyproject_switches_it_on_and_the_environment_and_the_flag_off(suite, monkeypatch: pytest.MonkeyPatch) -> None:
    (suite.path / "pyproject.toml").write_text("[tool.jevons]\nenabled = true\ndir = 'kept/here'\n")
    suite.run("--no-jevons", test_it=ONE).assert_outcomes(passed=1)
    monkeypatch.setenv("JEVONS", "0")
    suite.run().assert_outcomes(passed=1)
    assert not (suite.path / "kept").exists()
    monkeypatch.delenv("JEVONS")
    suite.run().assert_outcomes(passed=1)
    assert (suite.path / "kept/here/spool").is_dir()


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("enabled = true\nplaces = 'DE'", "places"),
        ("enabled = true\nids = 'some'", "use 'masked' or 'full'"),
        ("enabled = true\njudges = 'one'", "judges"),
    ],
)
def test_a_wrong_setting_names_file_and_remedy(suite, table: str, said: str) -> None:
    (suite.path / "pyproject.toml").write_text(f"[tool.jevons]\n{table}\n")
    done = suite.run(test_it=ONE)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines([f"*pyproject.toml*{said}*"])


def test_a_wrong_report_names_the_right_ones(suite) -> None:
    done = suite.run("--jevons", "--jevons-report=pdf", test_it=ONE)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["*TYPE is one of badge, csv, dotenv, html, json, junit, markdown, shields, term*"])


def test_a_run_without_ai_says_so_and_makes_no_report(suite) -> None:
    done = suite.measured(test_it="def test_nothing():\n    pass\n")
    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines(["jevons: no AI call was seen*"])
    assert not (suite.path / "jevons.json").exists()


def test_off_imports_nothing_but_the_standard_library_and_the_plugin_file(suite) -> None:
    probe = """
    import sys
    def test_modules():
        ours = sorted(name for name in sys.modules if name.split(".")[0] == "jevons")
        assert ours == ["jevons", "jevons.pytest_plugin"]
        assert "msgspec" not in sys.modules
    """
    done = suite.run(test_it=probe)
    done.assert_outcomes(passed=1)
