"""Lines of a TOML text: where each key stands, so that an error can say so. Only for text that tomllib has accepted."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping

Path = tuple[str | int, ...]
"""Keys and positions from the top: ``("alternatives", "judge", "flows", 0, "calls")``."""
_KEY = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)\s*""")


class Lines:
    """Line of each table and key."""

    def __init__(self, text: str) -> None:
        self._of: dict[Path, int] = {}
        counts: dict[Path, int] = {}
        table: Path = ()
        for number, statement in _statements(text):
            array = statement.startswith("[[")
            if statement.startswith("["):
                keys, _ = _keys(statement[2 if array else 1 :])
                table = _inside(keys if not array else keys[:-1], counts)
                if array and keys:
                    whole = (*table, keys[-1])
                    counts[whole] = counts.get(whole, 0) + 1
                    self._of.setdefault(whole, number)
                    table = (*whole, counts[whole] - 1)
                for end in range(1, len(table) + 1):
                    self._of.setdefault(table[:end], number)
            else:
                keys, rest = _keys(statement)
                path = table
                for key in keys:
                    path = (*path, key)
                    self._of.setdefault(path, number)
                self._nested(path, rest.lstrip()[1:], number)

    def _nested(self, path: Path, value: str, number: int) -> None:
        """Lines of the parts of an array that goes over several lines."""
        if not value.lstrip().startswith("["):
            return
        depth, at, line = 0, 0, number
        for sign in _bare(value):
            line += sign == "\n"
            if sign in "[{":
                depth += 1
                if depth == 2:
                    self._of.setdefault((*path, at), line)
                    at += 1
            elif sign in "]}":
                depth -= 1

    def __call__(self, path: Path) -> int:
        """Line of a key, or of the nearest that holds it; 1 where nothing does."""
        while path and path not in self._of:
            path = path[:-1]
        return self._of.get(path, 1)


def error_line(error: tomllib.TOMLDecodeError, text: str) -> int:
    """The line that tomllib names; the last one where it names the end of the document."""
    found = re.search(r"line (\d+)", str(error))
    return int(found[1]) if found else text.count("\n") + 1


def _inside(keys: list[str], counts: Mapping[Path, int]) -> Path:
    """The path of a table header: a key that is an array of tables means its last one so far."""
    path: Path = ()
    for key in keys:
        path = (*path, key)
        if path in counts:
            path = (*path, counts[path] - 1)
    return path


def _keys(text: str) -> tuple[list[str], str]:
    """(parts of a dotted key, what follows it)."""
    found: list[str] = []
    while match := _KEY.match(text):
        part, text = match[1], text[match.end() :]
        if part[0] in "\"'":
            part = tomllib.loads(f"x = {part}")["x"]
        found.append(part)
        if not text.startswith("."):
            break
        text = text[1:]
    return found, text


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """(line, statement) pairs: one for each header and each key, which may go over several lines."""
    start, depth, number, begun = 0, 0, 1, 1
    text = text.replace("\r\n", "\n")
    for at, sign in enumerate(_bare(text + "\n")):
        if sign in "[{":
            depth += 1
        elif sign in "]}":
            depth -= 1
        elif sign == "\n":
            if depth <= 0:
                statement = text[start:at].strip()
                if statement and not statement.startswith("#"):
                    yield begun, statement
                start, begun, depth = at + 1, number + 1, 0
            number += 1
        elif sign == "\r":  # a line's end inside a string
            number += 1


def _bare(text: str) -> Iterator[str]:
    """The signs of a text, those of strings and comments as blanks; line ends inside strings as carriage returns."""
    at, quote = 0, ""
    while at < len(text):
        sign = text[at]
        if quote:
            if text.startswith(quote, at):
                # more quotes than three at the end belong to the string
                extra = 0
                while len(quote) == 3 and extra < 2 and text.startswith(quote, at + 1 + extra):
                    extra += 1
                yield from " " * (len(quote) + extra)
                at, quote = at + len(quote) + extra, ""
                continue
            if sign == "\\" and quote[0] == '"':
                yield " "
                at += 1
                yield "\r" if text[at : at + 1] == "\n" else " "
            else:
                yield "\r" if sign == "\n" else " "
        elif sign in "\"'":
            quote = sign * 3 if text.startswith(sign * 3, at) else sign
            yield from " " * len(quote)
            at += len(quote) - 1
        elif sign == "#":
            while at < len(text) and text[at] != "\n":
                yield " "
                at += 1
            continue
        else:
            yield sign
        at += 1
