"""The same page within a server: where it stands among others, what goes on, and a script that keeps it up to date."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from jevons.report.document import Document
from jevons.report.html import _environment, _own


class Link(NamedTuple):
    """A page of the server."""

    name: str
    address: str


class Running(NamedTuple):
    """A run that goes on."""

    run: Link
    calls: int
    """So far."""


class Frame(NamedTuple):
    """What is about a page."""

    trail: Sequence[Link]
    """From all runs to this page, which comes last."""
    tag: str
    """Changes when the page does."""
    what: str = ""
    """What the page is about, in words."""
    running: Sequence[Running] = ()
    href: Callable[[str, str], str] = lambda by, name: ""
    """(what a table's rows are by, a row's name) -> address of its page; empty without one."""


def render(document: Document, frame: Frame) -> str:
    """A document as a page of a server."""
    made = _environment().get_template("live.html")
    return made.render(document=document, frame=frame, href=frame.href, **_own(live=True))


def message(frame: Frame, title: str, lines: Sequence[str], commands: Sequence[str] = ()) -> str:
    """A page without figures: says why, and what to do."""
    made = _environment().get_template("live_message.html")
    return made.render(frame=frame, title=title, lines=lines, commands=commands, **_own(live=True))


def policy() -> str:
    """The pages' content security policy, for a server's headers."""
    return f"{_own(live=True)['policy']}; frame-ancestors 'none'"
