"""Pages that are made of the product itself, so that none can be forgotten; and a look at each page that was built.

A hook of MkDocs: ``on_files`` adds the pages, ``on_post_page`` warns (in a strict build: fails) of what loads from
other hosts.
"""

from __future__ import annotations

import ast
import itertools
import logging
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import msgspec
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

import jevons
from jevons import settings
from jevons.cli import cli

ROOT = Path(__file__).parents[1]
LOG = logging.getLogger("mkdocs.hooks.site_pages")
_LOADED = re.compile(r"<(?:script|img|iframe|link)\b[^>]*?(?:src|href)=[\"']?((?:https?:)?//[^\"'> ]+)[^>]*>")
_WIDTH = 80


def on_files(files: Files, config: MkDocsConfig) -> Files:
    for name, make in PAGES.items():
        files.append(File.generated(config, name, content=make()))
    return files


def on_post_page(output: str, page: Page, **_: Any) -> None:
    for tag in _LOADED.finditer(output):
        LOG.warning("%s loads from another host: %s", page.file.src_uri, tag[1])


def _file(name: str) -> Callable[[], str]:
    return lambda: (ROOT / name).read_text(encoding="utf-8")


def _fenced(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```\n"


def commands() -> str:
    """Every command's own help."""
    parts = [
        "# Commands\n",
        "What `--help` says, of each command. Every command that prints figures takes `--format json`, whose documents "
        "carry `schema` and `method`. Exit code 0: done; 1: a cap or a check failed; 2: it could not be done.\n",
    ]
    for path, command in _walk(cli, ("jevons",)):
        name = " ".join(path)
        context = click.Context(command, info_name=name, terminal_width=_WIDTH, max_content_width=_WIDTH)
        parts += [f"{'#' * min(len(path) + 1, 4)} {name}\n", _fenced(command.get_help(context))]
    return "\n".join(parts)


def _walk(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from _walk(inner, (*path, name))


def in_pytest() -> str:
    """Options, marks and fixtures, as pytest itself lists them."""
    options = re.search(r"^what the AI in your tests costs:\n.*?(?=^\S)", _pytest("--help"), re.M | re.S)
    marks = re.findall(r"^@pytest\.mark\.(jevons.*)$", _pytest("--markers"), re.M)
    fixtures = re.findall(r"^(jevons_\w+).*\n((?: {4}.*\n)+)", _pytest("--fixtures"), re.M)
    if not (options and marks and fixtures):
        LOG.warning("pytest lists no options, marks or fixtures of jevons: is it installed beside this?")
        return "# In pytest\n"
    parts = ["# In pytest\n", "## Options\n", _fenced(options[0]), "## Marks\n"]
    for mark in marks:
        name, _, says = re.match(r"(\w+(\(.*?\))?):? (.*)", mark).groups()  # type: ignore[union-attr]
        parts.append(f"`@pytest.mark.{name}`\n:   {says[0].upper()}{says[1:]}.\n")
    parts.append("## Fixtures\n")
    parts += [f"`{name}`\n:   {' '.join(says.split()).replace('``', '`')}\n" for name, says in fixtures]
    return "\n".join(parts)


def _pytest(flag: str) -> str:
    with tempfile.TemporaryDirectory() as empty:
        command = [sys.executable, "-m", "pytest", flag, "-p", "no:cacheprovider"]
        environment = {"COLUMNS": str(_WIDTH), "PYTHONPATH": str(ROOT / "src"), "PYTHONUTF8": "1"}
        done = subprocess.run(  # noqa: S603
            command, cwd=empty, env=environment, capture_output=True, encoding="utf-8", check=False
        )
    return done.stdout


def in_settings() -> str:
    """Every key of ``[tool.jevons]``."""
    parts = [
        "# Settings\n",
        "In `pyproject.toml`. Flags win over the environment, which wins over the file. A key that is not known is an "
        "error that names it.\n",
        "Two variables have no key: `JEVONS` (`1` switches recording on, `0` off) and `JEVONS_SECRET`, the key of all "
        "hashes, for teams that compare their ledgers.\n",
    ]
    for heading, struct in TABLES.items():
        parts += [f"## [{heading}]\n", (struct.__doc__ or "").partition(": ")[2].replace("``", "`") + "\n"]
        own = heading == "tool.jevons"
        said = _attribute_docs(struct.__name__)
        rows = []
        for field in msgspec.structs.fields(struct):
            key, simple = field.encode_name, not (own and field.name in _INNER)
            variable = f"`JEVONS_{field.name.upper()}`" if own and simple and field.name != "enabled" else ""
            variable = "`JEVONS`" if own and field.name == "enabled" else variable
            default = _default(field)
            more = f"see [{'.'.join(('tool.jevons', key))}](#{_anchor('tool.jevons.' + key)})" if not simple else ""
            rows.append(f"| `{key}` | {default} | {variable} | {said.get(field.name, '') or more} |")
        parts += ["| key | default | environment | meaning |", "|---|---|---|---|", *rows, ""]
    units = ", ".join(f"`{unit}`" for unit in settings.GATE_UNITS)
    live = ", ".join(f"`{unit}`" for unit in settings.BUDGET_UNITS)
    parts += ["## Units of a cap\n", f"`jevons gate`: {units}. While the tests run: {live}.\n"]
    return "\n".join(parts)


def _default(field: Any) -> str:
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory
    if value is msgspec.NODEFAULT:
        return "required"
    if callable(value):
        value = value()
    if value in ("", None, (), {}) or isinstance(value, msgspec.Struct):
        return ""
    return f"`{msgspec.json.encode(value).decode()}`"


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w-]", "", heading).lower()


def _attribute_docs(name: str) -> dict[str, str]:
    """The strings below a class's attributes."""
    tree = ast.parse((ROOT / "src/jevons/settings.py").read_text(encoding="utf-8"))
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)
    found = {}
    for attribute, after in itertools.pairwise(body):
        if isinstance(attribute, ast.AnnAssign) and isinstance(after, ast.Expr):
            found[attribute.target.id] = " ".join(ast.literal_eval(after.value).split()).replace("``", "`")  # type: ignore[union-attr]
    return found


def in_python() -> str:
    """All that `import jevons` gives."""
    parts = ["# Python\n", "All public names of `import jevons`.\n"]
    parts += [f"::: jevons.{name}\n" for name in jevons.__all__ if not name.startswith("_")]
    return "\n".join(parts)


TABLES = {
    "tool.jevons": settings.Settings,
    "tool.jevons.budget": settings.Budget,
    "tool.jevons.replay": settings.Replay,
    "tool.jevons.train": settings.Train,
    "tool.jevons.models.NAME": settings.ModelSize,
    "tool.jevons.serving.NAME": settings.ModelServing,
}
_INNER = frozenset({"models", "serving", "upstreams", "budget", "replay", "train"})

PAGES: dict[str, Callable[[], str]] = {
    "reference/cli.md": commands,
    "reference/pytest.md": in_pytest,
    "reference/settings.md": in_settings,
    "reference/python.md": in_python,
    "method/proof.md": _file("VALIDATION.md"),
    "method/protocol.md": _file("validation/PROTOCOL.md"),
    "project/cost.md": _file("benchmarks/README.md"),
    "project/changes.md": _file("CHANGELOG.md"),
    "project/contributing.md": _file("CONTRIBUTING.md"),
    "files/ci.md": _file("examples/ci/README.md"),
    "files/github.yml": _file("examples/ci/github.yml"),
    "files/gitlab.yml": _file("examples/ci/gitlab.yml"),
}
