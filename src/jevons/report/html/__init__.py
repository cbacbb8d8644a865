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
from markupsafe import Markup

from jevons.report import sentences
from jevons.report.comparison import CAUSES, DRIVERS, FIGURES, answer, in_words
from jevons.report.document import Document
from jevons.report.html import figures, svg
from jevons.report.numbers import between, digits, percent
from jevons.report.terminal import calls
from jevons.report.text import LINE, clean, shortened
from jevons.report.tree import MOST, measure


def render(document: Document) -> str:
    """The whole page."""
    return _environment().get_template("page.html").render(document=document, **_own())


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("jevons.report.html"), autoescape=True, undefined=StrictUndefined, finalize=_harmless,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    filters = (between, digits, percent, measure, in_words)
    made.filters |= {one.__name__: one for one in filters} | {"short": shortened}
    made.globals |= {
        "svg": svg, "figures": figures, "sentences": sentences, "answer": answer, "calls": calls, "CAUSES": CAUSES,
        "DRIVERS": DRIVERS, "FIGURES": FIGURES, "MOST": MOST, "LINE": LINE,
    }  # fmt: skip
    return made


def _harmless(value: Any) -> Any:
    return clean(value) if type(value) is str else value


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
