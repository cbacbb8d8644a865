"""`jevons rebound` as people use it: processes of their own, over daily cells."""

import datetime as dt
import json

import pytest
from cli.test_commands import jevons

pytest.importorskip("scipy", reason="series need numpy and scipy: extra report")

from weigh.suites import FIRST, kept, verdicts

from jevons.record import encode

AT = FIRST + dt.timedelta(56)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    (folder / "pyproject.toml").write_text("[project]\nname = 'shop'\n")
    spool = folder / ".jevons" / "spool"
    spool.mkdir(parents=True)
    both = kept(verdicts(112, 56, 4.0), 56) + kept(verdicts(112, 56, 1.0, seed=2), 56, project="web", tokens=(9, 9))
    (spool / f"{FIRST}-cells.jsonl").write_bytes(b"".join(encode(one) + b"\n" for one in both))
    return folder


def test_text_and_json_say_the_same(project):
    asked = ("rebound", "--at", str(AT), "--control", "web/github", "--figure", "energy")
    done = jevons(project, *asked)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("rebound?   effect, beside the control: backfire")
    assert "not observed" in done.stdout
    assert "live calls a day" in done.stdout
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    made = json.loads(jevons(project, *asked, "--format", "json").stdout)
    assert made["schema"] == "jevons.rebound/1"
    assert made["method"]
    assert (made["verdict"], made["controls"], made["groups"]) == ("backfire", ["web/github"], ["shop/github"])
    assert f"{made['rebound']['mid']:.0%}".replace("%", " %") in " ".join(done.stdout.split())


def test_scenarios_are_no_prediction(project):
    done = jevons(project, "rebound", "--gain", "50")
    assert done.returncode == 0, done.stderr
    assert "no prediction" in done.stdout
    assert "100 %: verdicts x 2.0" in done.stdout


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ((), "--at DATE"),
        (("--at", "2026-13-01"), "a day as 2026-09-01"),
        (("--at", str(AT), "--control", "wbe/github"), "one of shop/github, web/github"),
    ],
)
def test_what_cannot_be_done_is_said_with_its_remedy(project, asked, said):
    done = jevons(project, "rebound", *asked)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_comparison_never_says_rebound(project):
    """Its drivers are an identity (LMDI)."""
    done = jevons(project, "compare", f"{FIRST}..{AT - dt.timedelta(1)}", f"{AT}..2026-12-31")
    assert done.returncode == 0, done.stderr
    assert "why" in done.stdout
    assert "rebound" not in done.stdout
