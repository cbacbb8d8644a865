"""CSV files of a user's own: rows by number, and every fault told with file, row, reason and remedy."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

YEARS = range(1990, 2101)


class FactorFileError(ValueError):
    """Faults of a user's files, one a line: file, row, reason, remedy."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


def read_rows(
    paths: Iterable[Path], required: Sequence[str], columns: Sequence[str], faults: list[str]
) -> Iterator[tuple[str, dict[str, str]]]:
    """Rows of files, each with where it stands; what is wrong with one goes to `faults`."""
    for path in paths:
        for number, cells in _rows(path, required, columns):
            where = f"{path}, row {number}" if number else str(path)
            if isinstance(cells, str):
                faults.append(f"{where}: {cells}")
            else:
                yield where, cells


def _rows(path: Path, required: Sequence[str], columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str] | str]]:
    """Rows by number, the head being row 1, or what is wrong with one; number 0 is the file itself.

    A head holds all of `required` and nothing but `columns`.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        yield 0, f"cannot be read: {error.strerror}; check the path"
        return
    except UnicodeDecodeError as error:
        yield 0, f"not UTF-8 (byte {error.start}); save it as UTF-8"
        return
    if "\0" in text:
        yield 0, "not CSV (it holds NUL bytes); save the sheet as CSV"
        return
    head: list[str] | None = None
    number = 0
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), strict=True), 1):
            if not any(cell.strip() for cell in cells):
                continue
            if head is None:
                head = [cell.strip() for cell in cells]
                if wrong := _head(head, required, columns):
                    for fault in wrong:
                        yield number, fault
                    return
            elif len(cells) != len(head):
                yield number, f"{len(cells)} cells under {len(head)} columns; put cells with commas in double quotes"
            else:
                yield number, dict(zip(head, (cell.strip() for cell in cells), strict=True))
    except csv.Error as error:
        yield number + 1, f"not CSV ({error}); save the sheet as CSV"
        return
    if head is None:
        yield 0, f"empty; begin with the columns {','.join(columns)}"


def _head(head: list[str], required: Sequence[str], columns: Sequence[str]) -> list[str]:
    faults = [f"no column {name}; add it (columns: {', '.join(columns)})" for name in required if name not in head]
    faults += [
        f"column {name!r} is not known; columns are {', '.join(columns)}" for name in head if name not in columns
    ]
    faults += [f"column {name} twice; keep one" for name in sorted({name for name in head if head.count(name) > 1})]
    return faults


def year_of(text: str, faults: list[str]) -> int:
    """A cell's year, 0 for every year; what is wrong goes to `faults`."""
    if not text:
        return 0
    if text.isascii() and text.isdigit() and int(text[:9]) in YEARS and len(text) == 4:
        return int(text)
    faults.append(f"year {text!r}; write it as 2025, or leave it empty for every year")
    return 0
