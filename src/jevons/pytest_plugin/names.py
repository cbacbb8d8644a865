"""Names of tests that are fit to be kept: free text in them is masked."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Any

_OPEN_ARGUMENTS = re.compile(r"(^|_)(model|provider|backend|engine)(_(name|id))?$")
"""Parameters whose text is a name by their own name: worth showing, and no prompt."""
_NAME = re.compile(r"[A-Za-z][\w.:/@-]{0,63}", re.ASCII)
_PLAIN = re.compile(r"[\w.:/@+-]{0,64}", re.ASCII)
_CODE = re.compile(r"[\w.:<>-]*", re.ASCII)


def safe_id(item: Any, secret: bytes, full: bool) -> str:
    """The node id of a pytest item, with free text masked as ``[#n:hash]``.

    n is the parameter's place in its list; the hash is keyed with the ledger's secret, so a test keeps its
    name between runs. Numbers, booleans, pytest's own names (``value0``), ids that were set by hand and read
    like an identifier, and texts of parameters named like a model stay readable. `full` masks nothing.
    """
    nodeid: str = item.nodeid
    if full:
        return nodeid
    spec = getattr(item, "callspec", None)
    if spec is None:
        file, colons, name = nodeid.partition("::")
        # Not only Python functions are tests: other plugins name theirs in plain words.
        return nodeid if _CODE.fullmatch(name) else f"{file}{colons}#{_hash(name, secret)}"
    suffix = f"[{spec.id}]"
    if not nodeid.endswith(suffix):  # a plugin renamed it (repeats, shards)
        base, _, rest = nodeid.partition("[")
        return f"{base}[#{_hash(rest, secret)}]"
    if _PLAIN.fullmatch(spec.id) and not any(_is_text(name, value, spec.id) for name, value in spec.params.items()):
        return nodeid
    shown = [value for name, value in spec.params.items() if isinstance(value, str) and _is_model(name, value)]
    # Arguments parametrised together share one index.
    place = "-".join(dict.fromkeys(str(index) for index in spec.indices.values()))
    return f"{nodeid[: -len(suffix)]}[{'-'.join([*shown, f'#{place}'])}:{_hash(spec.id, secret)}]"


def _is_text(name: str, value: object, shown_id: str) -> bool:
    """Whether pytest took this part of the id from the text of a value."""
    if isinstance(value, re.Pattern):
        value = value.pattern
    if isinstance(value, bytes):
        value = value.decode("ascii", "backslashreplace")
    if not isinstance(value, str) or _is_model(name, value):
        return False
    return value.encode("unicode_escape").decode("ascii") in shown_id


def _is_model(name: str, value: str) -> bool:
    return bool(_OPEN_ARGUMENTS.search(name)) and bool(_NAME.fullmatch(value))


def _hash(text: str, secret: bytes) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), key=secret, digest_size=4).hexdigest()
