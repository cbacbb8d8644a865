"""What is kept of a run for good, when its calls are no longer kept one by one."""

from __future__ import annotations

import msgspec

from jevons.record.run import Run


class Kept(msgspec.Struct, kw_only=True, omit_defaults=True, tag_field="event", tag="cells"):
    """A run as cells: exact integer sums over its calls. `jevons.ledger.recorded` reads and writes the rows."""

    of: Run
    """The run, as last recorded."""
    tests: int = 0
    """Tests that ran."""
    served: int | None = None
    """Tests with a verdict that AI calls served; None where nobody counted them."""
    users: dict[str, tuple[str, ...]] = {}
    """Instance id of a shared fixture -> the tests that used it, of fixtures that made calls."""
    rows: list[dict[str, str | int]] = []
    """One cell each: the names of its key and group, and its sums, those that are empty or zero left out."""
