"""A page of docs/, read as it is written and done as it says.

In a page's fences a `title` names a file that is written (of a `diff`: changed), and in a `console` what stands after
``$`` is run in the page's folder. Of what a command printed, each line that the page shows must be there, in order;
``...`` stands for lines that are left out. Counts are compared exactly. What two honest runs differ by is not: levels,
shares, times, run ids, and how much of a name a column has room for.

A page's front matter may name packages and programs that its commands need, and the example that it starts from.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w+)(?P<more>[^\n]*)\n(?P<text>.*?)^(?P=indent)```$", re.M | re.S)
_TITLE = re.compile(r'title="([^"]+)"')
_VARIES = (
    (re.compile(r"\x1b\[[\d;]*m"), ""),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d"), "DATE"),
    (re.compile(r"\d{8}T\d{6}-[0-9a-f]{6}"), "RUN"),
    (re.compile(r"[\d.,]*\d(?:[–-][\d.,]*\d)? ?[nµmkM]?(Wh|g|L|s|B)\b"), r"# \1"),
    (re.compile(r"[\d.]+ %"), "# %"),
    (re.compile(r"…\S*?(\S{1,20})(?=\s|$)"), r"…\1"),
    (re.compile(r"\s+"), " "),
)
_ALIEN = ("JEVONS", "OPENAI", "ANTHROPIC", "PYTEST", "GITHUB_", "CI", "DEEPEVAL")
_QUICK = "-pno:cacheprovider -pno:langsmith_plugin -pno:hypothesispytest -pno:recording -Wignore"


class Block(NamedTuple):
    language: str
    title: str
    """The file that it is; empty: none."""
    text: str
    line: int


def blocks(page: Path) -> Iterator[Block]:
    """Fences of a page, from its top."""
    text = page.read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        title = _TITLE.search(found["more"])
        line = text.count("\n", 0, found.start()) + 1
        yield Block(found["language"], title[1] if title else "", textwrap.dedent(found["text"]), line)


def front_matter(page: Path) -> dict[str, Any]:
    found = re.match(r"---\n(.*?)\n---\n", page.read_text(encoding="utf-8"), re.S)
    return yaml.safe_load(found[1]) if found else {}


def same(text: str) -> str:
    """`text` without what two runs differ by."""
    for pattern, instead in _VARIES:
        text = pattern.sub(instead, text)
    return text.strip()


class Reader:
    """Does what a page says, in a folder of its own; `url` serves every provider."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.code = folder, 0
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(_ALIEN)} | {
            "ANTHROPIC_API_KEY": "not-a-key",
            "ANTHROPIC_BASE_URL": url,
            "COLUMNS": "80",
            "DEEPEVAL_TELEMETRY_OPT_OUT": "YES",
            "NO_PROXY": "*",
            "OPENAI_API_KEY": "not-a-key",
            "OPENAI_BASE_URL": f"{url}/v1",
            "PYTEST_ADDOPTS": _QUICK,
            "PYTHONPATH": str(ROOT / "src"),
            "PYTHONUTF8": "1",
            "TZ": "UTC",
        }

    def do(self, block: Block) -> None:
        """Write, change or run. AssertionError where a page promises what does not come."""
        if block.language == "console":
            self._run(block)
        elif block.title:
            file = self.folder / block.title
            file.parent.mkdir(parents=True, exist_ok=True)
            text = self._changed(file, block) if block.language == "diff" else block.text
            file.write_text(text, encoding="utf-8")

    def _changed(self, file: Path, block: Block) -> str:
        lines = block.text.splitlines(keepends=True)
        before, after = ("".join(line[1:] for line in lines if line[0] in signs) for signs in (" -", " +"))
        text = file.read_text(encoding="utf-8")
        assert text.count(before) == 1, f"line {block.line}: {block.title} does not hold, once:\n{before}"
        return text.replace(before, after)

    def _run(self, block: Block) -> None:
        for part in re.split(r"^\$ ", block.text, flags=re.M)[1:]:
            command, _, shown = part.partition("\n")
            printed = f"{self.code}\n" if command == "echo $?" else self._said(command, block)
            at, text = 0, same(printed.replace(str(self.folder), f"~/{self.folder.name}").replace("\\", "/"))
            for line in shown.splitlines():
                if not line.strip() or line == "...":
                    continue
                at = text.find(same(line), at)
                assert at >= 0, f"line {block.line}, $ {command}\nnot printed, or not here: {line}\n\n{printed}"

    def _said(self, command: str, block: Block) -> str:
        words = shlex.split(command)
        own = {}
        while "=" in words[0]:
            name, _, own[name] = words.pop(0).partition("=")
        if words[0] in ("pytest", "jevons"):
            words[:1] = [sys.executable, "-m", words[0]]
        elif words[0] == "python":
            words[0] = sys.executable
        elif (beside := Path(sys.executable).with_name(words[0])).exists():
            words[0] = str(beside)
        done = subprocess.run(
            words, cwd=self.folder, env=self.environment | own, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, encoding="utf-8", check=False,
        )  # fmt: skip
        self.code = done.returncode
        expected = f"$ {command}\n" in block.text and "$ echo $?" in block.text.partition(f"$ {command}\n")[2]
        assert self.code == 0 or expected, f"line {block.line}, $ {command}: exit {self.code}\n{done.stdout}"
        return done.stdout
