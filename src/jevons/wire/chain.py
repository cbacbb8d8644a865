"""The beginnings of a prompt as a chain of short keyed hashes: two prompts begin alike as far as their chains do.

The canonical prompt is cut into blocks: of 64 bytes first, then each a sixth of what stands before it, so that a chain
stays short, and what is lost to the last cut is the same share of any common beginning. Each hash is of all up to its
block's end, and is kept to 24 bits. Two of them in a row name a beginning: of two different ones they are the same once
in 2.8e14 times.
"""

from __future__ import annotations

from binascii import b2a_base64
from hashlib import blake2b

BLOCK = 64
"""Bytes of the first blocks; all ends are multiples of it."""
GROWTH = 6
"""A block is at most 1 / GROWTH of what stands before it, where that is more than `BLOCK`."""
HASH = 4
"""Characters of a hash in a chain; the first and the last have twice as many."""


def _ends() -> tuple[int, ...]:
    ends = [BLOCK]
    while ends[-1] < 2**40:
        ends.append(ends[-1] + max(BLOCK, ends[-1] // GROWTH // BLOCK * BLOCK))
    return tuple(ends)


ENDS = _ends()
"""Bytes from a prompt's start to the end of its n-th block."""


def link(running: blake2b, prompt: bytes) -> tuple[str, bytes]:
    """Feed a prompt to a running hash: its chain, and the digest at its end.

    The chain is base64: a hash of 8 characters at the end of the first block, one of 4 at the end of each further whole
    block, and one of 8 for the whole prompt.
    """
    update, digest, size = running.update, running.digest, len(prompt)
    made: list[bytes] = []
    start = 0
    for end in ENDS:
        if end > size:
            break
        update(prompt[start:end])
        made.append(digest()[: 3 if start else 6])
        start = end
    update(prompt[start:])
    whole = digest()
    made.append(whole[:6])
    return b2a_base64(b"".join(made), newline=False).decode(), whole
