"""Where cards lie: a folder, or what fsspec reaches (a share, a bucket, a URL). One file a card, ``ID.json``.

Writing is all or nothing as far as the place allows: every card is checked before the first is written, and each file
of a folder is put in place at one go.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from inspect import signature
from pathlib import Path
from typing import Protocol

import msgspec

from jevons.ledger import remote as ledger
from jevons.ledger.near import within
from jevons.shelf import lineage
from jevons.shelf.card import Card, encode
from jevons.shelf.text import LARGEST, CardError, Fault, Lines, convert, endless, from_json, json_lines, plain

SEEDS = Path(__file__).parent / "seeds"
"""Cards of well-known models; every figure with its source and licence."""


class Place(Protocol):
    """What a shelf needs of where it lies."""

    def names(self) -> list[str]:
        """Names of the files there; none where there is no such place."""

    def read(self, name: str) -> bytes:
        """At most `LARGEST` + 1 bytes of a file."""

    def write(self, name: str, data: bytes, new: bool) -> None:
        """Put a file there; FileExistsError where it is to be `new` and is not."""

    def at(self, name: str) -> str:
        """How people call the file."""


class Folder:
    """A folder of this machine."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def names(self) -> list[str]:
        with suppress(FileNotFoundError):
            return sorted(entry.name for entry in self.path.iterdir() if entry.suffix == ".json" and entry.is_file())
        return []

    def read(self, name: str) -> bytes:
        with (self.path / name).open("rb") as file:
            return file.read(LARGEST + 1)

    def write(self, name: str, data: bytes, new: bool) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self.path, prefix=".", suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())  # all or nothing, also where the power fails
            Path(temporary).chmod(0o644)  # as a file that an editor makes
            if new:
                try:
                    os.link(temporary, self.path / name)  # fails where another was faster
                except FileExistsError:
                    raise
                except OSError:  # no hard links here
                    if (self.path / name).exists():
                        raise FileExistsError(name) from None
                    Path(temporary).replace(self.path / name)
            else:
                Path(temporary).replace(self.path / name)
        finally:
            with suppress(FileNotFoundError):
                Path(temporary).unlink()

    def at(self, name: str) -> str:
        return str(self.path / name)


class Remote:
    """What fsspec reaches; RemoteError (a ValueError) says what is missing: fsspec, a bucket, keys, an answer."""

    def __init__(self, top: ledger.Remote) -> None:
        self.top = top

    def names(self) -> list[str]:
        self.top.again()
        return sorted(one.name for one in self.top.glob("*.json"))

    def read(self, name: str) -> bytes:
        return (self.top / name).begin(LARGEST + 1)

    def write(self, name: str, data: bytes, new: bool) -> None:
        url, files = self.at(name), self.top.files
        if new and (self.top / name).exists():
            raise FileExistsError(name)
        folder = str(files._strip_protocol(str(self.top)))
        if folder.startswith("/"):  # elsewhere it begins with a bucket, which its owner makes, and there are no folders
            with suppress(FileExistsError, NotImplementedError):
                within(url, files.makedirs, folder, exist_ok=True)
        # Of two who write at once one is refused, where the storage can.
        how = {"mode": "create"} if new and "mode" in signature(files.pipe_file).parameters else {}
        try:
            within(url, files.pipe_file, url, data, **how)
        except ledger.RemoteError:
            if how and (self.top / name).exists():
                raise FileExistsError(name) from None
            raise

    def at(self, name: str) -> str:
        return f"{self.top}/{name}"


class Shelf:
    """The cards of one place."""

    def __init__(self, location: str | Path) -> None:
        """`location` is a folder, or a URL that fsspec knows. RemoteError where it cannot be reached."""
        self.location = str(location)
        there = ledger.place(self.location)
        self.place: Place = Remote(there) if isinstance(there, ledger.Remote) else Folder(there)

    def cards(self) -> list[Card]:
        """All cards, by id. CardError says file and line of every card that is not good."""
        found: list[Card] = []
        faults: list[Fault] = []
        for name in self.place.names():
            try:
                found.append(self._read(name))
            except CardError as error:
                faults += error.faults
        for card, way in lineage.circles(found):
            faults.append(Fault(self.file(card), self._line(card, "base"), f"its lineage runs in a circle: {way}"))
        if faults:
            raise CardError(faults)
        return found

    def file(self, card: Card | str) -> str:
        """How people call the file of a card."""
        return self.place.at(f"{card if isinstance(card, str) else card.id}.json")

    def put(
        self,
        cards: Iterable[Card],
        replace: bool = False,
        beside: Sequence[Card] = (),
        lines: Mapping[str, Lines] | None = None,
    ) -> list[str]:
        """Write cards, all or none; the files. `beside` are cards of elsewhere that may be their bases, `lines` by id
        the texts that they were read from.

        CardError where a card is there already and may not be replaced, or where lineage would run in a circle.
        """
        new = list(cards)
        there = {card.id: card for card in self.cards()}
        faults = [Fault(self.file(card), 1, "written twice at one go") for card in _twice(new)]
        if not replace:
            faults += [
                Fault(self.file(card), 1, "is there already: --replace writes over it")
                for card in new
                if card.id in there
            ]
        whole = {**{card.id: card for card in beside}, **there, **{card.id: card for card in new}}
        of = {card.id for card in new}
        for card, way in lineage.circles(whole.values()):
            if card.id in of:
                what = f"its lineage runs in a circle: {way}"
                read_from = (lines or {}).get(card.id)
                faults.append(
                    read_from.fault(what, "base")
                    if read_from
                    else Fault(self.file(card), json_lines(encode(card).decode()).get(("base",), 1), what)
                )
        for card in new:
            read_from = (lines or {}).get(card.id) or Lines(self.file(card))
            faults += [
                read_from.fault(f"{'.'.join(map(str, path))}: no finite number", *path)
                for path in endless(msgspec.to_builtins(card))
            ]
        written = {card.id: encode(card) for card in new}
        faults += [
            Fault(self.file(name), 1, f"{len(data) / 1e6:.1f} MB: a card holds {LARGEST / 1e6:g} MB at most")
            for name, data in written.items()
            if len(data) > LARGEST
        ]
        if faults:
            raise CardError(faults)
        for name, data in written.items():
            try:
                self.place.write(f"{name}.json", data, new=not replace)
            except FileExistsError:
                raise CardError([Fault(self.file(name), 1, "somebody wrote it just now: look at it")]) from None
            except OSError as error:
                raise CardError([Fault(self.file(name), 1, f"cannot be written: {error}")]) from None
        return [self.file(name) for name in written]

    def update(self, card: Card) -> None:
        """Write over one card that was put there, without a look at the others. OSError, ValueError."""
        self.place.write(f"{card.id}.json", encode(card), new=False)

    def _line(self, card: Card, *path: str) -> int:
        return json_lines(plain(self.place.read(f"{card.id}.json"), card.id)).get(path, 1)

    def _read(self, name: str) -> Card:
        try:
            return read(self.place.read(name), self.place.at(name), name.removesuffix(".json"))
        except OSError as error:
            raise CardError([Fault(self.place.at(name), 1, f"cannot be read: {error}")]) from None


def _twice(cards: Sequence[Card]) -> Iterator[Card]:
    seen: set[str] = set()
    for card in cards:
        if card.id in seen:
            yield card
        seen.add(card.id)


def read(data: bytes, file: str, name: str = "") -> Card:
    """A card of its file; `name` is the id that the file's name says. CardError says the line."""
    document, lines = from_json(plain(data, file), file)
    card = convert(document, Card, lines)
    if name and card.id != name:
        raise lines.error(f"id {card.id!r} in a file called {name}.json", "id")
    return card


def seeds() -> list[Card]:
    """Cards of well-known models that ship with jevons."""
    return Shelf(SEEDS).cards()


def pick(cards: Sequence[Card], asked: str) -> Card:
    """A card by id or name, else by the spelling of its name, else by a part of it. LookupError says what there is."""
    said = asked.strip().lower()
    if said:
        tiers = (
            [card for card in cards if said in (card.id, card.name.lower())],
            [card for card in cards if lineage.key(card.name) == lineage.key(said)],
            [card for card in cards if said in card.id or said in card.name.lower()],
        )
        found = next(filter(None, tiers), [])
        if len(found) == 1:
            return found[0]
        if found:
            more = f" and {len(found) - 8} more" if len(found) > 8 else ""
            raise LookupError(f"{asked!r} may be {', '.join(card.id for card in found[:8])}{more}: give the whole id")
    raise LookupError(f"no card of {asked!r}: jevons shelf list shows what there is")
