"""Names of recordings and tests: which test a path belongs to, and what of it may be kept.

pytest-recording keeps ``<folder>/cassettes/<module>/<Class>.<test>.yaml`` for ``<folder>/<module>.py::<Class>::<test>``
(source: github.com/kiwicom/pytest-recording, plugin.py); other tools use the same folders without the module.
"""

from __future__ import annotations

import re
from hashlib import blake2b

FOLDERS = frozenset(
    {
        "cassettes", "__cassettes__", "vcr_cassettes", "fixtures_vcr", "vcr", "recordings", "__recordings__", "nocks",
        "tapes",
    }
)  # fmt: skip
"""Folders that hold recordings by convention."""

_SUFFIX = re.compile(r"(?:\.(?:ya?ml|json|har|gz|cassette|vcr|xai))+$", re.IGNORECASE)
_PARAMETERS = re.compile(r"\[.*\]", re.DOTALL)
_PLAIN = re.compile(r"[\w.:/@+=,|~-]{0,128}")


def conventional(path: str) -> bool:
    """Whether a path (with ``/``) lies in a folder that holds recordings by convention."""
    return not FOLDERS.isdisjoint(path.split("/")[:-1])


def test_of(path: str) -> str:
    """Node id of the test that a recording's path names; empty where it lies in no such folder.

    Without a module in the path: the folder above the recordings, ``::`` and the name.
    """
    bracket = path.find("[")  # parameters may hold slashes
    *parts, name = (path if bracket < 0 else path[:bracket]).split("/")
    name = _SUFFIX.sub("", name + ("" if bracket < 0 else path[bracket:]))
    places = [index for index, part in enumerate(parts) if part in FOLDERS]
    if not places:
        return ""
    place = places[-1]
    above, below = parts[:place], parts[place + 1 :]
    test = "::".join(_split(name))
    if below and (below[-1].startswith("test_") or below[-1].endswith("_test")):
        return "/".join([*above, *below]) + f".py::{test}"
    return "/".join(above) + f"::{test}" if above else test


def _split(name: str) -> list[str]:
    """``TestClass.test_name`` in two; parameters may hold dots."""
    head, dot, rest = name.partition(".")
    return [head, rest] if dot and head.startswith("Test") and "[" not in head else [name]


def masked(name: str, secret: bytes, full: bool) -> str:
    """A test's or a recording's name that may be kept: parameters that read like free text become ``[#hash]``.

    Parameters without spaces, quotes or other marks of prose stay. `full` masks nothing.
    """
    name = clean(name)
    if full or "[" not in name:
        return name
    return _PARAMETERS.sub(lambda found: _mask(found[0], secret), name)


def clean(name: str) -> str:
    """A name without control characters, and fit for UTF-8."""
    name = name.encode("utf-8", "backslashreplace").decode()
    return name if name.isprintable() else "".join(one if one.isprintable() else "?" for one in name)


def _mask(found: str, secret: bytes) -> str:
    if _PLAIN.fullmatch(found[1:-1]):
        return found
    return f"[#{blake2b(found[1:-1].encode('utf-8', 'surrogatepass'), key=secret[:64], digest_size=4).hexdigest()}]"
