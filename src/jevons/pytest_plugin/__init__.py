"""pytest plugin: `pytest --jevons` shows what each test's AI costs.

pytest imports this file in every run and every xdist worker, so it uses the
standard library alone; everything else is imported once it is switched on.
"""

from __future__ import annotations

import os
from collections.abc import Callable

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
        help="Report to make: term (the default), html, json, markdown, csv, junit, dotenv, badge or shields, each "
        "with an optional file "
        "(json:jevons.json; for html a folder, html:jevons-html); may be given several times. "
        "Empty: no report, only records.",
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
    group.addoption(
        "--jevons-verdict",
        choices=("on", "full", "off"),
        default="on",
        dest="jevons_verdict",
        help="Tests marked jevons_verdict: stop once it is settled (on, the default); run all items and count (full); "
        "or let each item pass or fail by itself, and say what the verdict would have been (off).",
    )
    group.addoption(
        "--jevons-verdict-seed",
        type=int,
        metavar="N",
        default=None,
        dest="jevons_verdict_seed",
        help="Seed of the order of a verdict's items; default: the mark's seed, else 0.",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "jevons_live: never answer this test's AI calls from recordings")
    config.addinivalue_line("markers", "jevons_replay: answer all of this test's AI calls from recordings")
    config.addinivalue_line(
        "markers",
        "jevons_verdict(pass_rate=0.9, confidence=0.95, ...): judge a parametrised test or a class as a whole, from as "
        "few of its items as settle it. One of pass_rate, mean_score (of jevons_score), margin (of two scores); "
        "estimand ('list', 'rate'), repeats, rule ('mean', 'all', 'any'), stratum and cluster (arguments' names), seed",
    )
    if not hasattr(config, "workerinput") and config.getoption("dist", "no") != "no":
        from jevons.pytest_plugin import verdicts

        verdicts.of(config)  # xdist's controller, which collects nothing
    if not _switched_on(config):
        return
    from jevons.pytest_plugin.session import Session

    config.pluginmanager.register(Session(config), "jevons_session")


@pytest.hookimpl(trylast=True)  # so that tries are named last
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    mark = metafunc.definition.get_closest_marker("jevons_verdict")
    repeats = mark.kwargs.get("repeats", 1) if mark else 1
    if isinstance(repeats, int) and repeats > 1:
        metafunc.fixturenames.append("_jevons_try")
        metafunc.parametrize("_jevons_try", range(1, repeats + 1), indirect=True, ids=lambda number: f"try{number}")


def pytest_deselected(items: list[pytest.Item]) -> None:
    marked = [item for item in items if item.get_closest_marker("jevons_verdict")]
    if marked:
        from jevons.pytest_plugin.verdicts import LEFT_OUT

        marked[0].config.stash.setdefault(LEFT_OUT, []).extend(marked)


@pytest.hookimpl(tryfirst=True)  # after all that select and reorder, before anybody hears of the items
def pytest_collection_finish(session: pytest.Session) -> None:
    if any(item.get_closest_marker("jevons_verdict") for item in session.items):
        from jevons.pytest_plugin import verdicts

        verdicts.of(session.config).collected(session)


@pytest.fixture
def _jevons_try(request: pytest.FixtureRequest) -> int:
    """Which of a verdict's repeats this is."""
    number: int = request.param
    return number


@pytest.fixture
def jevons_score(request: pytest.FixtureRequest) -> Callable[..., None]:
    """``jevons_score(0.7)``: what this item counts with in its test's verdict, from 0 to 1; of two models
    ``jevons_score(new, old)``."""
    from jevons.pytest_plugin.verdict_items import SCORES

    request.node.stash.setdefault(SCORES, None)
    del request.node.stash[SCORES]

    def give(score: float, old: float | None = None) -> None:
        for one in (score, 0.0 if old is None else old):
            if not 0 <= one <= 1:
                raise ValueError(f"jevons_score({one}): give a score from 0 to 1")
        request.node.stash[SCORES] = float(score), None if old is None else float(old)

    return give


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
