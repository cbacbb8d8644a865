"""Benefits of each alternative, as predicted and as they came: from the file, JUnit files, a CSV or the ledger."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

from jevons.weigh.scenario.document import Benefit, Range
from jevons.weigh.scenario.fields import BENEFITS
from jevons.weigh.scenario.price import PriceError, Sheet
from jevons.weigh.scenario.structure import Alternative

LARGEST = 50_000_000
"""Bytes of a file of results."""
Failures = Callable[[str], int]
"""Failed tests of the ledger's runs of a name; raises LookupError."""


def benefits(
    sheet: Sheet, root: Path, failures: Failures | None, spread: Callable[[object, tuple[str, ...]], Range]
) -> list[Benefit]:
    """Each benefit that an alternative predicts or had, per functional unit; relative paths are below `root`."""
    found = []
    for one in sheet.scenario.alternatives.values():
        real = _real(sheet, one, root, failures)
        for name, field in BENEFITS.items():
            value = one.benefits.amounts.get(name)
            if value is None and name not in real:
                continue
            predicted = None if value is None else spread(value.number, value.keys)
            had, source = real.get(name, (None, ""))
            gap = None if had is None or predicted is None else had - predicted.mid
            found.append(
                Benefit(alternative=one.id, benefit=name, unit=field.unit, predicted=predicted, real=had,
                        source=source, gap=gap)
            )  # fmt: skip
    return found


def _real(sheet: Sheet, one: Alternative, root: Path, failures: Failures | None) -> dict[str, tuple[float, str]]:
    given = one.real
    if given.texts and "units" not in given.amounts:
        sheet.default(f"units of what came of {one.title}", "1 functional unit", "no units in the file")
    units = given.amounts["units"].number if "units" in given.amounts else 1.0
    if not units:
        raise PriceError(f"line {given.line}: real units above 0")
    found = {name: (value.number, "the file") for name, value in given.amounts.items() if name != "units"}
    if "csv" in given.texts:
        for name, amount in _sheet(root / given.texts["csv"]).items():
            found[name] = (amount / units, given.texts["csv"])
    if "junit" in given.texts:
        failed, tests = junit(root / given.texts["junit"])
        found["defects_found"] = (
            failed / units,
            f"{failed} of {tests} tests failed (JUnit): a failure is no proven defect",
        )
    if "run" in given.texts:
        if failures is None:
            raise PriceError(f"line {given.line}: there is no ledger here")
        try:
            failed = failures(given.texts["run"])
        except LookupError as error:
            raise PriceError(f"line {given.line}: {error.args[0]}") from None
        found["defects_found"] = (failed / units, f"{failed} tests failed (ledger): a failure is no proven defect")
    return found


def junit(path: Path) -> tuple[int, int]:
    """(tests that failed or broke, all tests) of a JUnit file. Raises PriceError."""
    try:
        data = path.read_bytes()[: LARGEST + 1]
        if len(data) > LARGEST or b"<!DOCTYPE" in data or b"<!ENTITY" in data:
            raise PriceError(f"{path}: no JUnit file that is read here: too large, or with a document type")
        cases = list(ElementTree.fromstring(data).iter("testcase"))  # noqa: S314  entities are refused above
    except OSError as error:
        raise PriceError(f"{path}: {error.strerror}") from None
    except ElementTree.ParseError as error:
        raise PriceError(f"{path}: no JUnit file ({error})") from None
    failed = sum(case.find("failure") is not None or case.find("error") is not None for case in cases)
    return failed, len(cases)


def _sheet(path: Path) -> dict[str, float]:
    """Sums by benefit of a CSV file with the columns benefit and value."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise PriceError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise PriceError(f"{path}: not UTF-8") from None
    reader = csv.DictReader(io.StringIO(text))
    if not {"benefit", "value"} <= set(reader.fieldnames or ()):
        raise PriceError(f"{path}, row 1: columns benefit and value are needed")
    found: dict[str, float] = {}
    for row in reader:
        where, name = f"{path}, row {reader.line_num}", (row["benefit"] or "").strip()
        if name not in BENEFITS:
            raise PriceError(f"{where}: {name!r} is no benefit; there are {', '.join(BENEFITS)}")
        try:
            amount = float(row["value"] or "")
        except ValueError:
            raise PriceError(f"{where}: {row['value']!r} is no number") from None
        if not 0 <= amount < float("inf"):
            raise PriceError(f"{where}: {amount:g}: a number of 0 or more")
        found[name] = found.get(name, 0.0) + amount
    return found
