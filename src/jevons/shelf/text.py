"""Files of strangers: bounded, and each value with the line that it stands on."""

from __future__ import annotations

import json
import math
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, partial
from typing import Any, NamedTuple, TypeVar

import msgspec
import yaml

from jevons.sources.exchange import UnreadableError
from jevons.sources.yaml_text import load

LARGEST = 2_000_000
"""Bytes of a card, a bill of materials or a README: the largest that anybody wrote is a tenth of it."""
LARGEST_TABLE = 200_000_000
"""Bytes of a CSV file."""
DEEPEST = 100
_SIGN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+|\n')
_PATH = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_AT = re.compile(r"^(.*?)(?: - at `\$(.*)`)?$", re.DOTALL)
_PLAINER = (
    (re.compile(r"Expected `float` >= (\d+)\.0"), r"a number, \1 at least"),
    (re.compile(r"Expected `float` > (\d+)\.0"), r"a number above \1"),
    (re.compile(r"Expected `float` <= (\d+)\.0"), r"a number, \1 at most"),
)
_UNKNOWN = re.compile(r"unknown field `([^`]+)`")
Path = tuple[str | int, ...]
T = TypeVar("T")


class Fault(NamedTuple):
    """What is wrong, and where."""

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}"


class CardError(ValueError):
    """What cannot be put on the shelf; nothing was written."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


class Lines:
    """Lines of the values of a text, by path; of what stands nowhere, the line of what it would stand in."""

    def __init__(self, file: str, find: Callable[[], dict[Path, int]] = dict, first: int = 1) -> None:
        """`find` is called when a line is asked for."""
        self.file, self.first = file, first
        self._find = find

    @cached_property
    def found(self) -> dict[Path, int]:
        """Line by path."""
        return self._find()

    def at(self, *path: str | int) -> int:
        """Line of a value."""
        while path:
            if path in self.found:
                return self.found[path]
            path = path[:-1]
        return self.first

    def fault(self, what: str, *path: str | int) -> Fault:
        """A fault at a path."""
        return Fault(self.file, self.at(*path), what)

    def error(self, what: str, *path: str | int) -> CardError:
        """An error of one fault."""
        return CardError([self.fault(what, *path)])


def too_large(file: str, most: int, size: int = 0) -> CardError:
    """A file that is larger than `most` bytes; `size` where it is known."""
    told = f"{size / 1e6:.1f} MB" if size else f"more than {most / 1e6:g} MB"
    return CardError([Fault(file, 1, f"{told}: a file of this kind holds {most / 1e6:g} MB at most")])


def plain(data: bytes, file: str, most: int = LARGEST) -> str:
    """The text of a file, unpacked where gzip packed it; CardError where it is too large or not UTF-8."""
    if data[:2] == b"\x1f\x8b":
        unpacker = zlib.decompressobj(31)
        try:
            data = unpacker.decompress(data, most + 1)
        except zlib.error as error:
            raise CardError([Fault(file, 1, f"not gzip: {error}")]) from None
    if len(data) > most:
        raise too_large(file, most)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise CardError([Fault(file, line, f"not UTF-8 ({error.reason}): save it as UTF-8")]) from None


def from_json(text: str, file: str) -> tuple[Any, Lines]:
    """A JSON document and its lines; CardError."""
    _bounded(text, file)
    try:
        return json.loads(text, parse_constant=_refuse), Lines(file, partial(json_lines, text))
    except json.JSONDecodeError as error:
        raise CardError([Fault(file, error.lineno, f"not JSON: {error.msg}")]) from None
    except (ValueError, RecursionError) as error:
        raise CardError([Fault(file, 1, f"not JSON: {error}")]) from None


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _bounded(text: str, file: str) -> None:
    depth, line = 0, 1
    for sign in _SIGN.finditer(text):
        line += sign[0].count("\n")
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(sign[0], 0)
        if depth > DEEPEST:
            raise CardError([Fault(file, line, f"nested more than {DEEPEST} deep")])


def json_lines(text: str) -> dict[Path, int]:
    """Path -> line of each value of a JSON text that is well formed."""
    found: dict[Path, int] = {}
    stack: list[str | int] = []
    line, key, after_colon = 1, "", False
    for match in _SIGN.finditer(text):
        sign = match[0]
        if sign == "\n":
            line += 1
        elif sign in "{[":
            if stack:
                found.setdefault(tuple(stack), line)
            stack.append(0 if sign == "[" else "")
            after_colon = False
        elif sign in "}]":
            stack.pop()
        elif sign == ",":
            after_colon = False
            top = stack[-1]
            stack[-1] = top + 1 if isinstance(top, int) else ""
        elif sign == ":":
            after_colon = True
            stack[-1] = key
            found[tuple(stack)] = line
        elif stack and stack[-1] == "" and not after_colon:
            key = json.loads(sign)
        elif stack:
            found.setdefault(tuple(stack), line)
    return found


def from_yaml(text: str, file: str, first: int = 1) -> tuple[Any, Lines]:
    """A YAML document whose text begins at line `first`, and its lines; CardError."""
    try:
        return load(text.encode()), Lines(file, partial(yaml_lines, text, first), first)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or error
        raise CardError([Fault(file, first + (mark.line if mark else 0), f"not YAML: {problem}")]) from None
    except (ValueError, RecursionError, UnreadableError) as error:
        raise CardError([Fault(file, first, f"not YAML: {error}")]) from None


def yaml_lines(text: str, first: int = 1) -> dict[Path, int]:
    """Path -> line of each value of a YAML text that is well formed."""
    found: dict[Path, int] = {}
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if node is not None:
        _mark(node, (), first, found, set())
    return found


def _mark(node: Any, path: Path, first: int, found: dict[Path, int], seen: set[int]) -> None:
    if id(node) in seen:  # an alias
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*path, str(key.value))
            found[below] = first + key.start_mark.line
            _mark(value, below, first, found, seen)
    elif isinstance(node, yaml.SequenceNode):
        for place, value in enumerate(node.value):
            found[*path, place] = first + value.start_mark.line
            _mark(value, (*path, place), first, found, seen)


def endless(value: object, path: Path = ()) -> Iterator[Path]:
    """Where numbers stand that JSON cannot hold."""
    if isinstance(value, float) and not math.isfinite(value):
        yield path
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from endless(inner, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for place, inner in enumerate(value):
            yield from endless(inner, (*path, place))


def convert(document: Any, kind: type[T], lines: Lines) -> T:
    """A document as a struct; CardError says the line of what does not fit."""
    where = next(endless(document), None)
    if where is not None:
        raise lines.error(f"{'.'.join(map(str, where))}: no finite number", *where)
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        match = _AT.match(str(error))
        what, at = (match[1], match[2] or "") if match else (str(error), "")
        path: Path = tuple(int(number) if number else name for name, number in _PATH.findall(at))
        unknown = _UNKNOWN.search(what)
        if unknown:
            path = (*path, unknown[1])
        for pattern, words in _PLAINER:
            what = pattern.sub(words, what)
        name = ".".join(str(part) for part in path) or "card"
        raise lines.error(f"{name}: {what}", *path) from None
