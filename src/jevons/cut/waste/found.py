"""What a finding says of itself before it is priced."""

from __future__ import annotations

import msgspec


class Found(msgspec.Struct, kw_only=True):
    """A finding in words."""

    kind: str
    """Name of one of `kinds.KINDS`."""
    what: str
    """What was found, with its counts."""
    do: list[str]
    """The line or setting that does it, the first choice first."""
    why: str
    """What the risk rests on."""
    at_most: bool = False
    """Whether the saving is an upper bound."""
