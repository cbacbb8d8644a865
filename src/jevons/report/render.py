"""Renderings by name."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import msgspec

from jevons.report.document import Document

FILES = {"json": "jevons.json", "markdown": "jevons.md", "csv": "jevons.csv", "term": "jevons.txt",
         "html": "jevons-html/index.html"}  # fmt: skip
"""Type of report -> file it goes to unless told otherwise."""
_MODULES = {"term": "terminal", "markdown": "markdown", "csv": "sheet", "html": "html"}


def render(document: Document, form: str) -> str:
    """The document as ``json``, ``markdown``, ``csv``, ``html`` or ``term`` (80 columns, no colour).

    Raises KeyError; ImportError where ``html`` misses jinja2 (extra ``report``).
    """
    if form == "json":
        return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"
    made: Callable[[Document], str] = import_module(f"jevons.report.{_MODULES[form]}").render
    return made(document)
