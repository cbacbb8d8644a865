"""YAML of strangers: PyYAML's safe loader (libyaml where it is there), with bounds.

What it adds to the safe loader: Python-specific tags, which vcrpy writes for some clients' headers, give plain
text and lists instead of an error; aliases and merge keys may not blow a small file up (an "alias bomb").
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from jevons.sources.exchange import UnreadableError

MOST_NODES = 5_000_000
"""Values that a recording may hold once its aliases are followed; bounds time and memory."""
DEEPEST = 300
_MOST_MERGED = 100_000
_ANCHOR = re.compile(rb"[\s\[{,]&[^\s]")
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]
    merged = 0
    depth = 0

    # The composer of libyaml's binding recurses in C, unchecked, and calls these two around each value.
    def descend_resolver(self, *_: Any) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise yaml.YAMLError("nested too deeply")

    def ascend_resolver(self) -> None:
        self.depth -= 1

    def flatten_mapping(self, node: Any) -> None:
        super().flatten_mapping(node)
        self.merged += len(node.value) if node.value and len(node.value) > 1000 else 0
        if self.merged > _MOST_MERGED:
            raise yaml.YAMLError("merge keys expand without end")

    def python_object(self, _: str, node: Any) -> Any:
        """Text, list or mapping under a Python tag. Nothing is built or called."""
        if isinstance(node, yaml.ScalarNode):
            return self.construct_scalar(node)
        if isinstance(node, yaml.SequenceNode):
            values = self.construct_sequence(node, deep=True)
            return values[0] if len(values) == 1 else values
        return self.construct_mapping(node, deep=True)


_Loader.add_multi_constructor("tag:yaml.org,2002:python/", _Loader.python_object)


def load(data: bytes) -> Any:
    """The document. Raises yaml.YAMLError, ValueError or RecursionError for what is no YAML, UnreadableError
    for what only aliases make large."""
    loader = _Loader(data)
    try:
        document = loader.get_single_data()
    finally:
        loader.dispose()
    if _ANCHOR.search(data):
        _weigh(document, {})
    return document


def _weigh(value: Any, known: dict[int, int]) -> int:
    """Number of values once every alias is written out. Raises UnreadableError where there are too many."""
    if not isinstance(value, dict | list | set | tuple):
        return 1
    weight = known.get(id(value))
    if weight is None:
        known[id(value)] = MOST_NODES  # found again below itself: endless
        inner = value.values() if isinstance(value, dict) else value
        weight = 1 + sum(_weigh(one, known) for one in inner)
        known[id(value)] = weight
    if weight > MOST_NODES:
        raise UnreadableError("its aliases (&, *) expand to more values than any recording holds: write them out")
    return weight
