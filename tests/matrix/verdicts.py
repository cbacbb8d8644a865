"""The matrix under one recorder or another, judged by what the server knows to be true, as a table.

    python tests/matrix/verdicts.py        # `make matrix-table`: runs everything, prints Markdown

Each recorder (nobody, jevons, EcoLogits) runs all cases in a process of its own per SDK, so that none sees
another. A process writes, for each case, what the SDK gave back and what the recorder saw; nobody's
answers are what the others' are compared with.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
RECORDERS = ("nobody", "jevons", "EcoLogits")
FACTOR, SLACK = 2.0, 6  # as in `twice`: how far an estimate may be off
TRACED = {"google-genai": "google_genai", "huggingface_hub": "huggingface_hub", "mistralai": "mistralai"} | {
    name: name for name in ("openai", "cohere", "litellm")
}
"""SDKs that EcoLogits knows (ecologits.ai, supported providers), by the first word of a kit's name."""


# -- in a process that runs cases ---------------------------------------------------------------------


@pytest.fixture
def judged(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Runs a case once under the recorder that the environment names, writes what came of it, and skips the rest."""
    from providers import closed_url, provider
    from twice import canon, run_case, sent

    recorder = os.environ["MATRIX_RECORDER"]

    def run(case: Any, *, refused: int = 0, left: bool = False, **_: Any) -> Any:
        with provider() as server:
            found: list[Any] = []
            try:
                watch = _WATCHES[recorder](found, request.node.callspec.params["kit"].name.split()[0])
            except Exception as error:  # it cannot even begin beside this SDK
                watch, result = (lambda: None), error
            else:
                result = run_case(case, closed_url() if refused else server.url, Exception, perhaps=True)
            watch()
            truth = [[one.usage.input, one.usage.output] for one in server.asked]
            line = {
                "recorder": recorder,
                "case": request.node.name,
                "what": request.node.originalname,
                "kit": request.node.callspec.params["kit"].name,
                "result": repr(_plain(canon(result))),
                "raised": type(result).__name__ if isinstance(result, BaseException) else "",
                "sent": repr(sent(server.requests)),
                "truth": truth or [[0, 0]] * refused,
                "left": left,
                "seen": found,
            }
        with open(os.environ["MATRIX_VERDICTS"], "a") as file:
            file.write(json.dumps(line) + "\n")
        pytest.skip("judged in the table")

    return run


def _plain(value: Any) -> Any:
    """A result without the figures that EcoLogits means to add to it."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items() if name != "impacts"}
    return type(value)(_plain(inner) for inner in value) if isinstance(value, (list, tuple)) else value


def _nobody(found: list[Any], sdk: str) -> Callable[[], None]:
    return lambda: None


def _jevons(found: list[Any], sdk: str) -> Callable[[], None]:
    from jevons import capture

    calls: list[Any] = []
    handle = capture.install(calls.append, secret=b"0" * 16, run="r", root=HERE)

    def end() -> None:
        handle.uninstall()
        found.extend([call.usage, call.input_tokens, call.output_tokens] for call in calls)

    return end


_traced: list[Any] = []


def _ecologits(found: list[Any], sdk: str) -> Callable[[], None]:
    """EcoLogits computes impacts of some output tokens, and again at each chunk of a stream: the last one counts."""
    if sdk in TRACED and not _traced:
        from ecologits import EcoLogits
        from ecologits.tracers import utils

        EcoLogits.init(providers=[TRACED[sdk]])
        compute = utils.llm_impacts

        def seen(*args: Any, **kwargs: Any) -> Any:
            _traced[0].append(kwargs["output_token_count"])
            return compute(*args, **kwargs)

        for name in [name for name in sys.modules if name.startswith("ecologits.tracers.")]:
            if hasattr(sys.modules[name], "llm_impacts"):
                sys.modules[name].llm_impacts = seen  # type: ignore[attr-defined]
    counts: list[Any] = []
    _traced[:] = [counts]
    return lambda: found.extend(["reported", None, count] for count in counts[-1:])


_WATCHES = {"nobody": _nobody, "jevons": _jevons, "EcoLogits": _ecologits}


# -- judging ------------------------------------------------------------------------------------------


def verdict(base: dict[str, Any], line: dict[str, Any]) -> str:
    """What a recorder made of one case."""
    if line["raised"] != base["raised"]:
        return "crashed" if line["raised"] else "changed"
    if line["result"] != base["result"] or line["sent"] != base["sent"]:
        return "changed"
    seen, truth = line["seen"], line["truth"]
    if line["recorder"] == "EcoLogits":
        return _of_output(seen, truth)
    if len(seen) < len(truth):
        return "missed"
    if len(seen) > len(truth):
        return "wrong"
    states = set()
    for (usage, read, written), (true_read, true_written) in zip(seen, truth, strict=True):
        if usage == "unknown":
            states.add("unknown")
        elif line["left"]:  # the server had sent more than the client stayed for
            states.add("estimated" if written <= true_written * FACTOR + SLACK else "wrong")
        elif usage == "reported":
            states.add("exact" if (read, written) == (true_read, true_written) else "wrong")
        else:
            near = _near(read, true_read) and _near(written, true_written)
            states.add("estimated" if near else "wrong")
    return next(state for state in ("wrong", "unknown", "estimated", "exact") if state in states)


def _of_output(seen: list[Any], truth: list[Any]) -> str:
    """EcoLogits counts output tokens only, marks none as estimated, and sees no try that failed."""
    if not seen:
        return "missed"
    return "exact" if seen[-1][2] == sum(written for _, written in truth) else "wrong"


def _near(estimate: int | None, truth: int) -> bool:
    return estimate is not None and truth / FACTOR - SLACK <= estimate <= truth * FACTOR + SLACK


# -- the table ----------------------------------------------------------------------------------------


def main() -> None:
    """Run all, print Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "verdicts"
        only = sys.argv[1:] or sorted({kit.name.split()[0] for kit in _kits()})
        for sdk in only:
            for recorder in RECORDERS:
                _run(sdk, recorder, lines)
        found = [json.loads(line) for line in lines.read_text().splitlines()]
    print(table(found))


def _kits() -> list[Any]:
    sys.path.insert(0, str(HERE.parent))
    from matrix.kits import here, kits

    return [kit for kit in kits() if here(kit)]


def _run(sdk: str, recorder: str, lines: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider", str(HERE)]
    env = os.environ | {"MATRIX_RECORDER": recorder, "MATRIX_VERDICTS": str(lines), "MATRIX_SDK": sdk}
    env["PYTHONHASHSEED"] = "0"  # botocore sends a set in its user agent
    done = subprocess.run(command, env=env, cwd=HERE.parents[1], capture_output=True, text=True, check=False)
    last = done.stdout.strip().splitlines()[-1:] or [done.stderr[-300:]]
    print(f"{sdk} under {recorder}: {last[0]}", file=sys.stderr)


STATES = ("exact", "estimated", "unknown", "wrong", "missed", "changed", "crashed")


def table(lines: list[dict[str, Any]]) -> str:
    """Two tables: by SDK, and by what happens."""
    base = {line["case"]: line for line in lines if line["recorder"] == "nobody"}
    judged = [(line, verdict(base[line["case"]], line)) for line in lines if line["recorder"] != "nobody"]
    parts = []
    for title, key in (("SDK", "kit"), ("case", "what")):
        counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for line, state in judged:
            counts[line[key].removeprefix("test_").replace("_", " "), line["recorder"]][state] += 1
        head = f"| {title} | recorder | cases | " + " | ".join(STATES) + " |"
        rows = [head, "|---|---|--:|" + "--:|" * len(STATES)]
        for (name, recorder), count in sorted(
            counts.items(), key=lambda pair: (pair[0][0], RECORDERS.index(pair[0][1]))
        ):
            shown = " | ".join(str(count[state] or "") for state in STATES)
            rows.append(f"| {name} | {recorder} | {count.total()} | {shown} |")
        parts.append("\n".join(rows))
    return "\n\n".join(parts)


if __name__ == "__main__":
    main()
