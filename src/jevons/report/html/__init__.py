"""The report as one HTML page: no network, works without JavaScript. Needs jinja2 (extra ``report``).

A browser runs nothing but what is in `templates/`: the page's own policy names the hashes of its style and script, and
all that comes from the document is escaped and stripped of signs that steer.
"""

from __future__ import annotations

import base64
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from jevons.report import rebound, sentences, shelf
from jevons.report.comparison import CAUSES, DRIVERS, answer, in_words, verdict
from jevons.report.document import Document
from jevons.report.html import figures, pages, svg
from jevons.report.numbers import FIGURES, between, digits, percent
from jevons.report.places import sections
from jevons.report.terminal import calls
from jevons.report.text import LINE, clean, shortened
from jevons.report.tree import MOST, measure
from jevons.shelf.show import Listed, Shown
from jevons.weigh.scenario.document import Weighed


def render(document: Document) -> str:
    """The report as a page."""
    return _environment().get_template("page.html").render(document=document, **_own())


def weighed(made: Weighed) -> str:
    """A scenario, weighed, as a page."""
    from jevons.report import scenario, scenario_train  # with numpy and scipy, which drew what they show

    words = {"scenario": scenario, "train": scenario_train}
    return _environment().get_template("scenario.html").render(made=made, **words, **_own())


def shown(made: Shown) -> str:
    """One card of the shelf as a page."""
    return _environment().get_template("card.html").render(made=made, **_own())


def listed(made: Listed) -> str:
    """The shelf as a page."""
    return _environment().get_template("shelf.html").render(made=made, **_own())


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("jevons.report.html"), autoescape=True, undefined=StrictUndefined, finalize=_harmless,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    filters = (between, digits, percent, measure, in_words, breakable)
    made.filters |= {one.__name__: one for one in filters} | {"short": shortened}
    made.globals |= {
        "svg": svg, "figures": figures, "pages": pages, "shelf": shelf, "rebound": rebound,
        "sentences": sentences, "places": sections, "answer": answer, "calls": calls, "CAUSES": CAUSES,
        "DRIVERS": DRIVERS, "FIGURES": FIGURES, "MOST": MOST, "LINE": LINE, "verdict": verdict,
    }  # fmt: skip
    return made


def _harmless(value: Any) -> Any:
    return clean(value) if type(value) is str else value


def breakable(name: str) -> Markup:
    """A name that may be broken where its parts begin: after the folders and the file of a test."""
    return escape(clean(name)).replace("::", Markup("::<wbr>"))


@cache
def _own(live: bool = False) -> dict[str, Markup]:
    """Style and scripts, and the policy that allows these and nothing else; a `live` page may also ask for itself."""
    names = {"style": "page.css", "early": "early.js", "script": "page.js"}
    if live:
        names |= {"live_style": "live.css", "live_script": "live.js"}
    texts = {part: (files(__name__) / "templates" / name).read_text("utf-8") for part, name in names.items()}
    hashes = {part: base64.b64encode(sha256(text.encode()).digest()).decode() for part, text in texts.items()}
    styles, scripts = (
        " ".join(f"'sha256-{hashes[part]}'" for part, name in names.items() if name.endswith(kind))
        for kind in (".css", ".js")
    )
    asks = "connect-src 'self'; " if live else ""
    policy = f"default-src 'none'; style-src {styles}; script-src {scripts}; {asks}base-uri 'none'; form-action 'none'"
    return {name: Markup(part) for name, part in (texts | {"policy": policy}).items()}  # noqa: S704  our own files
