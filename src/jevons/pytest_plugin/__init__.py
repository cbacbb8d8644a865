"""pytest plugin: `pytest --jevons` shows what each test's AI costs.

pytest imports this file in every run and every xdist worker, so it uses the
standard library alone; everything else is imported once it is switched on.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("jevons", "what the AI in your tests costs")
    group.addoption(
        "--jevons",
        action="store_true",
        default=None,
        dest="jevons",
        help="Record the AI calls of this run and show what they cost. "
        "Also: JEVONS=1, or enabled = true under [tool.jevons] in pyproject.toml.",
    )
    group.addoption("--no-jevons", action="store_false", dest="jevons", help="Switch jevons off, whatever is set.")
    group.addoption(
        "--jevons-report",
        action="append",
        metavar="TYPE[:DEST]",
        default=[],
        dest="jevons_report",
        help="Report to make: term (the default), json, markdown or csv, each with an optional file "
        "(json:jevons.json); may be given several times. Empty: no report, only records.",
    )
    group.addoption(
        "--jevons-budget",
        action="append",
        metavar="UNIT=NUMBER",
        default=[],
        dest="jevons_budget",
        help="Stop AI calls at a cap while the tests run (and record them): calls (the default unit), tokens, "
        "judge_calls, energy_wh, carbon_g or water_l; may be given several times.",
    )
    group.addoption(
        "--jevons-replay",
        choices=("off", "none", "once", "new_episodes", "all"),
        default=None,
        dest="jevons_replay",
        help="Answer AI calls from recordings (and record the run): none sends nothing, once records where nothing is "
        "recorded yet, new_episodes records what is new, all records anew. Embeddings, rerank and moderation are "
        "replayed; other calls in tests marked jevons_replay; none in tests marked jevons_live.",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "jevons_live: never answer this test's AI calls from recordings")
    config.addinivalue_line("markers", "jevons_replay: answer all of this test's AI calls from recordings")
    if not _switched_on(config):
        return
    from jevons.pytest_plugin.session import Session

    config.pluginmanager.register(Session(config), "jevons_session")


def _switched_on(config: pytest.Config) -> bool:
    """Flag > environment > pyproject.toml, without a parser where none is needed."""
    flag = config.getoption("jevons")
    if flag is not None:
        return bool(flag)
    if config.getoption("jevons_budget") or config.getoption("jevons_replay") not in (None, "off"):
        return True
    if "JEVONS" in os.environ:
        # What is no clear "off" is looked at by the settings, which can say what is wrong.
        return os.environ["JEVONS"].strip().lower() not in ("", "0", "false", "no", "off")
    try:
        with open(config.rootpath / "pyproject.toml", "rb") as file:
            raw = file.read()
    except OSError:
        return False
    if b"tool.jevons" not in raw:
        return False
    import tomllib

    try:
        table = tomllib.loads(raw.decode("utf-8")).get("tool", {}).get("jevons", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return False  # pytest itself says so
    return bool(table.get("enabled", False))
