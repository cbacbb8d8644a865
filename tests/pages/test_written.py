"""What pages only show is right as well: commands and their options exist, settings are accepted, code compiles."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import click
import msgspec
import pytest
import yaml
from pages.fences import DOCS, ROOT, blocks

import jevons
from jevons.cli import cli
from jevons.settings import load

PAGES = sorted(DOCS.rglob("*.md"))
ENDS = frozenset({"|", ";", "&&", ">", ">>", "<"})
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(DOCS).as_posix())


def said(page: Path) -> list[str]:
    """Command lines of a page, and what its prose quotes as one."""
    found: list[str] = []
    for block in blocks(page):
        lines = block.text.splitlines()
        if block.language == "console":
            found += [line[2:] for line in lines if line.startswith("$ ")]
        elif block.language == "sh":
            found += lines
    prose = re.sub(r"^ *```.*?^ *```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    return found + [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose)]


def commands(page: Path) -> list[list[str]]:
    """Words of each command of jevons."""
    found = []
    for line in said(page):
        words = re.split(r" #", line)[0].split()
        while words and re.fullmatch(r"\w+=.*", words[0]):
            words.pop(0)
        if words[:1] != ["jevons"] or (len(words) > 1 and not re.match(r"[-a-z]", words[1])):
            continue
        words = shlex.split(" ".join(words))
        found.append(words[1 : next((at for at, word in enumerate(words) if word in ENDS), None)])
    return found


@each_page
def test_commands_and_their_options_exist(page: Path) -> None:
    for words in commands(page):
        command: click.Command = cli
        while isinstance(command, click.Group) and words and not words[0].startswith("-"):
            inner = command.get_command(click.Context(command), words[0])
            assert inner is not None, words
            command, words = inner, words[1:]
        command.make_parser(click.Context(command, **command.context_settings)).parse_args(words)


@each_page
def test_options_of_pytest_exist(page: Path) -> None:
    plugin = (ROOT / "src/jevons/pytest_plugin/__init__.py").read_text(encoding="utf-8")
    for flag in re.findall(r"--(?:no-)?jevons[\w-]*", page.read_text(encoding="utf-8")):
        assert f'"{flag}"' in plugin


@each_page
def test_settings_are_accepted_and_code_compiles(page: Path, tmp_path: Path) -> None:
    for block in blocks(page):
        if block.language == "toml":
            (tmp_path / "pyproject.toml").write_text(block.text, encoding="utf-8")
            load(tmp_path)
        elif block.language == "python":
            compile(block.text, f"{page.name}:{block.line}", "exec")
        elif block.language == "json":
            msgspec.json.decode(block.text)


def test_how_to_cite_it_is_of_this_version() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert cited["version"] == jevons.__version__
    assert cited["license"] == project["license"]
