"""Python processes that a test starts, with the start-up hook as the wheel ships it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
from providers import Provider

from .conftest import Suite

ROOT = Path(__file__).parents[2]
HOOK = ROOT / "src" / "jevons_child.pth"

pytestmark = pytest.mark.slow

ASK = """
import json, os, urllib.request
def ask(text="hello"):
    body = json.dumps({"model": "fake-1", "messages": [{"role": "user", "content": text}]}).encode()
    return urllib.request.urlopen(os.environ["PROVIDER"] + "/v1/chat/completions", body).read()
"""
OPENAI = """
import os, openai
with openai.OpenAI(base_url=os.environ["PROVIDER"] + "/v1", api_key="no", max_retries=0) as client:
    client.chat.completions.create(model="fake-1", messages=[{"role": "user", "content": "hi"}])
print("done")
"""


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An interpreter whose site-packages hold the hook, and which finds everything that this one finds."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=os.name != "nt", with_pip=False)
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder), "platbase": str(folder)}))
    (site / "a_path.pth").write_text(f"{ROOT / 'src'}\n{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    (site / HOOK.name).write_bytes(HOOK.read_bytes())
    return str(folder / ("Scripts" if os.name == "nt" else "bin") / "python")


@pytest.fixture
def children(suite: Suite, python: str, monkeypatch: pytest.MonkeyPatch) -> Suite:
    monkeypatch.setenv("CHILD", python)
    suite.pytester.makepyfile(ask=ASK, with_openai=OPENAI)
    return suite


def test_each_childs_calls_are_its_tests(children: Suite) -> None:
    done = children.measured(
        test_it="""
        import os, subprocess, pytest
        CHILD = os.environ["CHILD"]

        def run(*arguments, **more):
            done = subprocess.run([CHILD, *arguments], capture_output=True, text=True, **more)
            assert (done.returncode, done.stderr) == (0, "")
            return done.stdout

        def test_urllib():
            run("-c", "import ask; ask.ask(); ask.ask()")

        def test_openai():
            assert run("with_openai.py") == "done\\n"

        def test_through_a_shell():
            assert os.system(f'"{CHILD}" -c "import ask; ask.ask()"') == 0

        def test_a_child_of_a_child():
            run("-c", f"import subprocess; subprocess.run([{CHILD!r}, '-c', 'import ask; ask.ask()'], check=True)")

        @pytest.mark.parametrize("elsewhere", [False, True])
        def test_elsewhere(tmp_path, elsewhere):
            more = {"cwd": tmp_path, "env": os.environ | {"PYTHONPATH": os.getcwd()}} if elsewhere else {}
            run("-c", "import ask; ask.ask()", **more)

        def test_none():
            run("-c", "print(1)")

        def test_left_alone():
            run("-c", "import ask; ask.ask()", env={"PROVIDER": os.environ["PROVIDER"]})
            run("-c", "import ask; ask.ask()", env=os.environ | {"JEVONS": "0"})
            run("-S", "-c", "import ask; ask.ask()")

        @pytest.fixture(scope="module")
        def started():
            run("-c", "import ask; ask.ask()")

        def test_uses_it(started):
            pass
        """
    )
    done.assert_outcomes(passed=9)
    assert children.calls_of() == {
        "test_urllib": 2,
        "test_openai": 1,
        "test_through_a_shell": 1,
        "test_a_child_of_a_child": 1,
        "test_elsewhere[False]": 1,
        "test_elsewhere[True]": 1,
        "test_uses_it": 1,
    }
    calls = children.reading.calls
    assert {call.run for call in calls} == set(children.reading.runs)
    assert len(children.reading.runs) == 1
    assert len({call.id for call in calls}) == len(calls)
    (shared,) = [call for call in calls if call.fixture]
    assert (shared.role, shared.phase) == ("set-up", "setup")
    assert {call.file for call in calls if call.source == "urllib"} == {"ask.py"}
    assert children.document["rows"]  # a report is made though this process made no call itself


def test_children_answer_from_their_sessions_store(children: Suite, server: Provider) -> None:
    """One that has a miss in ``none`` ends with it, as does its test."""
    test = """
        import os, subprocess, pytest
        @pytest.mark.jevons_replay
        def test_it():
            for _ in range(2):
                subprocess.run([os.environ["CHILD"], "-c", "import ask; ask.ask(CONTENT)"], check=True)
        def test_not_marked():
            subprocess.run([os.environ["CHILD"], "-c", "import ask; ask.ask('unmarked')"], check=True)
    """
    replay = "--jevons-replay=new_episodes"
    children.measured(replay, test_it=test.replace("CONTENT", "'old'")).assert_outcomes(passed=2)
    assert len(server.requests) == 2
    assert sorted(call.mode for call in children.reading.calls) == ["live", "live", "replayed"]
    done = children.measured("--jevons-replay=none", test_it=test.replace("CONTENT", "'new'"))
    done.assert_outcomes(failed=2)
    assert len(server.requests) == 2
    assert done.stdout.str().count("jevons.ReplayMiss: this call was not sent") == 2


def test_a_child_that_is_killed_has_handed_over(children: Suite) -> None:
    done = children.measured(
        test_it="""
        import os, signal, subprocess
        def test_killed():
            code = "import ask, time; ask.ask(); print('ready', flush=True); time.sleep(60)"
            with subprocess.Popen([os.environ["CHILD"], "-c", code], stdout=subprocess.PIPE) as child:
                assert child.stdout.readline()
                child.kill()
        """
    )
    done.assert_outcomes(passed=1)
    assert children.calls_of() == {"test_killed": 1}


@pytest.mark.parametrize("method", ["spawn", "fork", "forkserver"])
def test_multiprocessing(children: Suite, method: str) -> None:
    if method != "spawn" and os.name == "nt":
        pytest.skip("Windows does not fork")
    done = children.measured(
        test_it=f"""
        import multiprocessing, os, ask
        def test_it():
            context = multiprocessing.get_context({method!r})
            context.set_executable(os.environ["CHILD"])
            process = context.Process(target=ask.ask)
            process.start()
            process.join()
            assert process.exitcode == 0
        """
    )
    done.assert_outcomes(passed=1)
    assert children.calls_of() == {"test_it": 1}


def test_a_session_within_a_session_records_for_itself(children: Suite) -> None:
    """A child that is a pytest with jevons on has a ledger of its own; one without is a child like any other."""
    inner = children.path / "inner"
    inner.mkdir()
    (inner / "pytest.ini").write_text("[pytest]\n")
    (inner / "test_inner.py").write_text("import ask\ndef test_inner(): ask.ask()\n")
    done = children.measured(
        "test_it.py",
        test_it=f"""
        import os, subprocess, pytest
        @pytest.mark.parametrize("flags", [["--jevons"], []])
        def test_it(flags):
            command = [os.environ["CHILD"], "-m", "pytest", "-q", "-p", "no:cacheprovider", *flags, "."]
            here = os.environ | {{"PYTHONPATH": os.getcwd()}}
            done = subprocess.run(command, cwd={str(inner)!r}, env=here, capture_output=True, text=True)
            assert done.returncode == 0, done.stdout + done.stderr
        """,
    )
    done.assert_outcomes(passed=2)
    assert [call.test for call in children.reading.calls] == ["test_it.py::test_it[flags1]"]
    from jevons.ledger.home import Home
    from jevons.ledger.read import read

    assert [call.test for call in read(Home(inner / ".jevons")).calls] == ["test_inner.py::test_inner"]


def test_workers_children(children: Suite) -> None:
    pytest.importorskip("xdist")
    done = children.measured(
        "-n2",
        test_it="""
        import os, subprocess, pytest
        @pytest.mark.parametrize("number", range(4))
        def test_it(number):
            subprocess.run([os.environ["CHILD"], "-c", "import ask; ask.ask()"], check=True)
        """,
    )
    done.assert_outcomes(passed=4)
    assert children.calls_of() == {f"test_it[{number}]": 1 for number in range(4)}


@pytest.mark.parametrize("word", ["", "{", "{}", '{"home": "/nowhere/at/all", "run": "r", "root": "/"}'])
def test_a_word_that_makes_no_sense_breaks_nothing(children: Suite, python: str, word: str) -> None:
    there = os.environ | {"JEVONS_CHILD": word, "PYTHONPATH": str(children.path)}
    code = "import ask; print(len(ask.ask()))"
    done = subprocess.run([python, "-c", code], env=there, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) > 100


def test_the_hook_imports_nothing_unless_told(python: str) -> None:
    code = "import sys; print(json) if (json := sorted(n for n in sys.modules if n.startswith('jevons'))) else None"
    without = {name: value for name, value in os.environ.items() if name != "JEVONS_CHILD"}
    assert subprocess.run([python, "-c", code], env=without, capture_output=True, text=True).stdout == ""
    told = subprocess.run([python, "-c", code], env=without | {"JEVONS_CHILD": "{}"}, capture_output=True, text=True)
    assert told.stdout == "['jevons', 'jevons.child']\n"


def test_the_environment_is_left_as_it_was(children: Suite) -> None:
    done = children.measured(
        test_it="""
        import json, os
        def test_it(request):
            word = json.loads(os.environ["JEVONS_CHILD"])
            assert word["test"] == "test_it.py::test_it"
            secret = open(os.path.join(word["home"], "secret")).read()
            assert secret not in os.environ["JEVONS_CHILD"]
        """,
        conftest="""
        import os, pytest
        @pytest.hookimpl(trylast=True)
        def pytest_unconfigure(config):
            print("left:", "JEVONS_CHILD" in os.environ)
        """,
    )
    done.assert_outcomes(passed=1)
    assert "left: False" in done.outlines


def test_the_wheel_ships_the_hook(tmp_path: Path) -> None:
    builder = pytest.importorskip("hatchling.builders.wheel").WheelBuilder(str(ROOT))
    for version in ("standard", "editable"):
        (made,) = builder.build(directory=str(tmp_path / version), versions=[version])
        with zipfile.ZipFile(made) as wheel:
            assert wheel.read(HOOK.name) == HOOK.read_bytes()
            assert "jevons/child.py" in wheel.namelist() or version == "editable"


def test_the_hook_is_one_line_that_any_python_can_run() -> None:
    (line,) = HOOK.read_text(encoding="utf-8").splitlines()
    assert line.startswith("import ")  # or site takes it for a folder
    compile(line, HOOK.name, "exec")
    assert json.dumps(line).isascii()
    assert sys.version_info >= (3, 11)
