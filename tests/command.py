"""The command line: in this process, in a tenth of the time, or in one of its own, where that is the matter."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jevons.cli import main

Done = subprocess.CompletedProcess[str]


def clean(**environment: str) -> dict[str, str]:
    """The environment without what whoever runs the tests has set for jevons and for what it reads."""
    theirs = ("JEVONS", "CLAUDE", "CODEX")
    return {**{k: v for k, v in os.environ.items() if not k.startswith(theirs)}, "PYTHONUTF8": "1", **environment}


def jevons(folder: Path, *arguments: str, **environment: str) -> Done:
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in os.environ.keys() - clean().keys():
            patch.delenv(name)
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        try:
            main([*arguments])
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        else:
            code = 0
    said = []
    for stream in (out, err):
        stream.flush()
        said.append(stream.buffer.getvalue().decode("utf-8").replace(os.linesep, "\n"))  # type: ignore[attr-defined]
    return Done(arguments, code, *said)


def process(folder: Path, *arguments: str, **environment: str) -> Done:
    return subprocess.run(
        [sys.executable, "-m", "jevons", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        encoding=environment.get("PYTHONIOENCODING", "utf-8"),
        env=clean(**environment),
    )
