"""Renderings by name."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import msgspec

from jevons.report.document import Document

FILES = {"json": "jevons.json", "markdown": "jevons.md", "csv": "jevons.csv", "term": "jevons.txt",
         "html": "jevons-html/index.html", "junit": "jevons-junit.xml", "dotenv": "jevons.env", "badge": "jevons.svg",
         "shields": "jevons-badge.json"}  # fmt: skip
"""Type of report -> file it goes to unless told otherwise."""
_MADE_BY = {"term": "terminal.render", "markdown": "markdown.render", "csv": "sheet.render", "html": "html.render",
            "junit": "junit.render", "dotenv": "dotenv.render", "badge": "badge.svg",
            "shields": "badge.shields"}  # fmt: skip


def render(document: Document, form: str) -> str:
    """The document as ``json`` or another of `FILES`; ``term`` is of 80 columns, without colour.

    Raises KeyError; ImportError where ``html`` misses jinja2 (extra ``report``).
    """
    if form == "json":
        return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"
    module, _, function = _MADE_BY[form].partition(".")
    made: Callable[[Document], str] = getattr(import_module(f"jevons.report.{module}"), function)
    return made(document)
