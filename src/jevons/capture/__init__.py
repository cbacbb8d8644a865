"""Seeing every AI call that a process makes, without changing any.

One tap per HTTP stack, laid at client level: there it sees a recording's
answer as well as the network's. A tap passes arguments and results through
untouched, never raises, and hands each finished `Call` to a sink.
"""

from jevons.capture.install import Handle, flush, install

__all__ = ["Handle", "flush", "install"]
