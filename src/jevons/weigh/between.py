"""Rebound beside a comparison: of two periods of days, the day between them is the day of the change.

What is said of it comes from `direct.direct`, as `jevons rebound` says it, over all that the ledger holds around that
day; never from a comparison's drivers, which are an identity. Needs numpy and scipy (extra ``report``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable

from jevons.footprint import Overrides
from jevons.ledger.days import day
from jevons.ledger.recorded import Recorded
from jevons.ledger.spans import Span
from jevons.weigh.compare import Outcome

NOT_ASKED = (
    "not asked: it needs two periods of this ledger of which one begins where the other ends, as 2026-10 and 2026-11; "
    "or jevons rebound --at DATE"
)


def change_day(before: Span, after: Span) -> dt.date | None:
    """First day of `after`, where both spans are periods of this ledger and it begins as `before` ends; else None."""
    if not (before.dated and after.dated) or before.ledger or after.ledger:
        return None
    last, first = (dt.date.fromisoformat(day(instant)) for instant in (before.ends, after.starts))
    return first if first - last == dt.timedelta(1) else None


def add_rebound(
    made: Outcome,
    before: Span,
    after: Span,
    read: Callable[[], Iterable[Recorded]],
    *,
    place: str = "",
    overrides: Overrides | None = None,
    today: dt.date | None = None,
) -> None:
    """Say in a comparison what more use took back of a gain on the day between its sides, or why that is not asked.

    `read` gives the runs of the whole ledger. `today`: the day that is not over is left out.
    """
    at = change_day(before, after)
    if at is None:
        made.rebound_not_asked = NOT_ASKED
        return
    from jevons.weigh.direct import direct

    made.rebound = direct(read(), at=at, figure=made.figure, place=place, overrides=overrides, today=today)
