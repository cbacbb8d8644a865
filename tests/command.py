"""The command line: in this process, in a tenth of the time, or in one of its own, where that is the matter."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

from jevons.cli import main

Done = subprocess.CompletedProcess[str]
_THEIRS = ("JEVONS", "CLAUDE", "CODEX", "ELECTRICITY", "WATTTIME")


def clean(**environment: str) -> dict[str, str]:
    """The environment without what whoever runs the tests has set for jevons and for what it reads."""
    return {**{k: v for k, v in os.environ.items() if not k.startswith(_THEIRS)}, "PYTHONUTF8": "1", **environment}


def jevons(folder: Path, *arguments: str, **environment: str) -> Done:
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
    code: object = 0
    with (
        contextlib.chdir(folder),
        mock.patch.dict(os.environ, clean(**environment), clear=True),
        mock.patch("sys.stdin", io.TextIOWrapper(io.BytesIO())),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main([*arguments])
        except SystemExit as end:
            code = end.code
    said = []
    for stream in (out, err):
        stream.seek(0)
        said.append(stream.read())
    return Done(arguments, code if isinstance(code, int) else int(code is not None), *said)


def process(folder: Path, *arguments: str, **environment: str) -> Done:
    return subprocess.run(
        [sys.executable, "-m", "jevons", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        encoding=environment.get("PYTHONIOENCODING", "utf-8"),
        env=clean(**environment),
    )
