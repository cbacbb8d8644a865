"""Fixtures of the SDK tests."""

from twice import Both, both, only_loopback, pixel

__all__ = ["Both", "both", "only_loopback", "pixel"]
