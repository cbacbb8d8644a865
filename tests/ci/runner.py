"""A runner of GitHub's, as far as our workflow and our action use it: expressions, conditions, shells, outputs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple


def environment(home: Path, **more: str) -> dict[str, str]:
    """Nothing of this machine's settings; this environment's programs first."""
    author = {f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    return {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "PIP_NO_INDEX": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        **(more or author),
    }


class Step(NamedTuple):
    outcome: str
    said: str = ""


def value(expression: str, context: Mapping[str, Any]) -> Any:
    """An expression of GitHub's, as far as ours use them; fails on any other."""
    for operator in ("||", "&&", "==", "!="):
        left, found, right = expression.partition(f" {operator} ")
        if found:
            one, other = value(left, context), value(right, context)
            return {"||": one or other, "&&": one and other, "==": one == other, "!=": one != other}[operator]
    if expression == "!cancelled()":
        return True
    if re.fullmatch(r"'\w*'", expression):
        return expression[1:-1]
    assert re.fullmatch(r"\w+(\.[\w-]+)+", expression), f"not played here: {expression}"
    root, *names = expression.split(".")
    found = context[root]
    for name in names:
        found = (found or {}).get(name, "")
    return found


def filled(text: str, context: Mapping[str, Any]) -> str:
    return re.sub(r"\$\{\{ (.+?) }}", lambda match: str(value(match[1], context)), text)


def holds(condition: str | None, context: Mapping[str, Any], well: bool) -> bool:
    """Whether a step or a job runs; `well` if all before it went well."""
    if condition is None:
        return well
    condition = condition.strip().removeprefix("${{ ").removesuffix(" }}")
    return bool(value(condition, context)) and (well or "cancelled()" in condition)


def program(folder: Path, name: str, shell: str) -> None:
    """A stand-in for a program of the runner's."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!{shutil.which('bash')}\n{shell}\n")
    (folder / name).chmod(0o755)


NO_PIP = '[ "$1" = install ]'
"""Instead of pip, which takes seconds to find that all is there."""


def shell(command: list[str], work: Path, programs: Path, variables: dict[str, str]) -> Step:
    made = environment(programs.parent, **variables)
    made["PATH"] = f"{programs}{os.pathsep}{made['PATH']}"
    done = subprocess.run(
        command, cwd=work, env=made, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    return Step("failure" if done.returncode else "success", done.stdout)


class Did(NamedTuple):
    """What became of a composite action."""

    outcome: str
    steps: dict[str, Step]
    outputs: dict[str, str]


def play_action(
    action: Mapping[str, Any], given: Mapping[str, str], *, folder: Path, work: Path, programs: Path,
    github: Mapping[str, Any], variables: Mapping[str, str],
) -> Did:  # fmt: skip
    """The steps of a composite action with bash, each with the file of its outputs; `folder` is the runner's."""
    assert not set(given) - set(action["inputs"])
    inputs = {name: filled(one["default"], {"github": github}) for name, one in action["inputs"].items()} | given
    context: dict[str, Any] = {"inputs": inputs, "github": github, "steps": {}}
    steps: dict[str, Step] = {}
    well = True
    for number, step in enumerate(action["runs"]["steps"]):
        assert set(step) <= {"name", "id", "if", "shell", "run", "env", "working-directory"}
        did, outputs = Step("skipped"), folder / f"outputs-{number}"
        outputs.write_text("")
        if holds(step.get("if"), context, well):
            assert step["shell"] == "bash"
            script = folder / f"step-{number}.sh"
            script.write_text(step["run"])
            more = {key: filled(text, context) for key, text in step.get("env", {}).items()}
            at = work / filled(step.get("working-directory", "."), context)
            did = shell(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)], at, programs,
                {**variables, "GITHUB_OUTPUT": str(outputs), **more},
            )  # fmt: skip
        told = dict(line.split("=", 1) for line in outputs.read_text().splitlines())
        context["steps"][step.get("id", number)] = {"outcome": did.outcome, "outputs": told}
        steps[step["name"]] = did
        well = well and did.outcome != "failure"
    outputs_of = {name: filled(one["value"], context) for name, one in action["outputs"].items()}
    return Did("success" if well else "failure", steps, outputs_of)
