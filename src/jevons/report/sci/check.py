"""What is found in another's SCI report: schema ``jevons.sci-check/1``."""

from __future__ import annotations

import msgspec

from jevons.footprint.claims.sci import check_report
from jevons.report.text import LINE, shortened

SCHEMA = "jevons.sci-check/1"


class Contradiction(msgspec.Struct, kw_only=True):
    """A figure that the report's other figures do not give."""

    section: str
    line: int
    rule: str
    stated: str
    follows: str
    ratio: float
    """Stated over what follows."""
    note: str


class Checked(msgspec.Struct, kw_only=True):
    """The document."""

    file: str
    findings: list[Contradiction]
    schema: str = SCHEMA


def check(text: str, file: str) -> Checked:
    """The contradictions of a report, line by line."""
    found = [
        Contradiction(
            section=section, line=line, rule=one.rule, stated=one.stated, follows=one.follows, ratio=one.ratio,
            note=one.note,
        )
        for section, line, one in check_report(text)
    ]  # fmt: skip
    return Checked(file=file, findings=found)


def text(made: Checked) -> str:
    """One line a contradiction, as compilers have them."""
    lines = [
        f"{made.file}:{one.line}: {one.rule}: stated {one.stated}, follows {one.follows}"
        + (f" ({one.note})" if one.note else "")
        for one in made.findings
    ]
    count = len(lines)
    lines.append(
        f"{count} figure{'s' * (count != 1)} that the report's own figures contradict"
        if count
        else "no figure contradicts another, of those that are stated with their unit in words"
    )
    return "".join(f"{shortened(line, LINE)}\n" for line in lines)
