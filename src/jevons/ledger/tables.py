"""What engines say of calls beside their cells: repeats and quantiles, in integers, written once for all engines.

Tables by period are cells: `engine.cells` by ``hour`` or ``day``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from jevons.ledger.columns import asks
from jevons.ledger.engine import rows

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw

MODEL = ("provider", "kind", "model")


def repeats(frames: Iterable[nw.LazyFrame[Any]], by: Sequence[str] = MODEL) -> dict[tuple[Any, ...], tuple[int, int]]:
    """Values of `by` -> (calls that can be repeats, those whose exact request was asked before in their run, as
    `repeats.exact` counts them), of keyed calls.

    `by` are facts of the request: who asks the same has the same. Each run lies whole in one of the frames, so that
    memory is that of one frame, whatever the ledger's size.
    """
    import narwhals.stable.v2 as nw

    found: dict[tuple[Any, ...], tuple[int, int]] = defaultdict(lambda: (0, 0))
    same = dict.fromkeys(("run", "mode", "request_hash", *by))
    for calls in frames:
        requests = calls.filter(asks()).group_by(*same).agg(n=nw.len().cast(nw.Int64))
        table = requests.group_by(*by).agg(nw.col("n").sum().cast(nw.Int64), nw.len().cast(nw.Int64).alias("first"))
        for *group, asked, first in rows(table):
            before = found[tuple(group)]
            found[tuple(group)] = before[0] + asked, before[1] + asked - first
    return dict(found)


def quantiles(
    calls: nw.LazyFrame[Any], column: str, by: Sequence[str], percents: Sequence[int]
) -> dict[tuple[Any, ...], tuple[int, ...]]:
    """Values of `by` (one column at least) -> for each of `percents` the smallest number of an integer column that so
    many percent of the calls do not exceed: the inverse of the empirical distribution function (Hyndman & Fan 1996,
    The American Statistician 50(4), definition 1). Calls without a number are left out.

    A count of each number, added up in order: no engine's own quantile, which are of different definitions.
    """
    import narwhals.stable.v2 as nw

    number = nw.col(column).cast(nw.Int64)
    counts = calls.filter(~nw.col(column).is_null()).group_by(*by, column).agg(n=nw.len().cast(nw.Int64))
    ranked = counts.with_columns(
        up_to=nw.col("n").cum_sum().over(*by, order_by=column).cast(nw.Int64),
        whole=nw.col("n").sum().over(*by).cast(nw.Int64),
    )
    marks = [
        nw.when(nw.col("up_to") * 100 >= nw.col("whole") * percent).then(number).alias(f"p{place}")
        for place, percent in enumerate(percents)
    ]
    table = ranked.with_columns(*marks).group_by(*by).agg(*[nw.col(f"p{place}").min() for place in range(len(marks))])
    return {tuple(row[: len(by)]): tuple(row[len(by) :]) for row in rows(table)}
