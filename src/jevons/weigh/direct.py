"""Direct rebound within this ledger: how much of what a gain in efficiency should save was taken back by more use.

The service is a verdict: a test with an outcome that AI calls served (`Recorded.served`). Expected saving is demand as
it was times the intensity gained, a share g of what was used; actual saving 1 - k (1 - g), with k the step of daily
verdicts (`series`), so that R = 1 - actual / expected = (k - 1)(1 - g) / g. Demand may have stepped for other reasons:
without a control this is an association, with one k is over that of the control. Needs numpy and scipy (`report`).
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from jevons.footprint import Overrides
from jevons.footprint.rates import FIGURES
from jevons.ledger.recorded import Recorded
from jevons.weigh import found as looked
from jevons.weigh import gain, rebound, series
from jevons.weigh.compare import FLOOR, Group, group_of
from jevons.weigh.demand import PAUSE, Daily, daily, date_of
from jevons.weigh.taken_back import FEWEST_DAYS, MOST_DAYS, Between, Outcome, Use

_FEWEST_COUNTED = FEWEST_DAYS // 2
DRAWS = 16_384


class _Answer(NamedTuple):
    """Draws of ln k, and the step that they are of."""

    draws: Any
    step: series.Step


def name_of(group: Group) -> str:
    """``PROJECT/JOB``."""
    return f"{group.project}/{group.job}"


def direct(
    runs: Iterable[Recorded],
    *,
    at: dt.date | None = None,
    since: dt.date | None = None,
    controls: Sequence[str] = (),
    gained: float | None = None,
    figure: str = "carbon_g",
    place: str = "",
    overrides: Overrides | None = None,
    today: dt.date | None = None,
) -> Outcome:
    """Rebound to a gain on the day `at`, or on a day `since` then that is looked for; `controls` are names of groups
    that had no gain; `gained` is the gain where it is known better than from the ledger. ValueError for another figure,
    for both dates or none, for a gain that is no share, and for a control that no run is of.
    """
    if figure not in FIGURES:
        raise ValueError(f"figure {figure!r}: one of {', '.join(FIGURES)}")
    if (at is None) == (since is None):
        raise ValueError("either the day of the gain, or a day since when to look for it")
    dated = [one for one in runs if (date := date_of(one)) and (today is None or date < today) and suite(one)]
    known = {name_of(group_of(one.run)) for one in dated}
    if unknown := set(controls) - known:
        raise ValueError(f"no run is of control {', '.join(sorted(unknown))}: one of {', '.join(sorted(known))}")
    made = Outcome(figure=figure, date_found=at is None, controls=sorted(set(controls)))
    made.word = "effect" if controls else "association"
    if not dated:
        return _not_shown(made, "runs")
    days = sorted(date for one in dated if (date := date_of(one)))
    first, last = days[0], days[-1]
    if at is not None:
        first, last = max(first, at - dt.timedelta(MOST_DAYS)), min(last, at + dt.timedelta(MOST_DAYS - 1))
    made.first, made.last, made.at = first.isoformat(), last.isoformat(), at.isoformat() if at else ""
    fewest = looked.FEWEST_DAYS if at is None else FEWEST_DAYS
    start = at or max(since or first, first + dt.timedelta(fewest))
    end = at or last - dt.timedelta(fewest - 1)
    if (start - first).days < fewest or (last - end).days + 1 < fewest or start > end:
        return _few_days(made, start, last, fewest)
    treated = _kept(made, dated, start, end)
    if not treated:
        return _not_shown(made, "verdicts")
    served = daily(treated, first, last, place=place, overrides=overrides)
    draw = np.random.default_rng(0)
    day = served.day(start)
    choice = None
    if at is None:
        choice = looked.find(gain.intensity(served, figure), day, draw)
        if choice is None or not choice.stands_out:
            return _not_shown(made, "date")
        day = choice.at
        made.at = served.date(day).isoformat()
        served, day, choice = _near(served, day, choice)
        made.first, made.last = served.first.isoformat(), served.date(len(served) - 1).isoformat()
    made.before, made.after = _use(served, 0, day), _use(served, day, len(served))
    if left_out := len(served) - sum(served.counted):
        made.notes.append(
            f"{left_out:,} days not counted: no run for {PAUSE} days or more, or a record without verdicts"
        )
    if min(made.before.days, made.after.days) < _FEWEST_COUNTED:
        return _not_shown(made, "days")
    if not (made.before.verdicts and made.after.verdicts):
        return _not_shown(made, "verdicts")
    if gained is None and sum(served.covered) < FLOOR * sum(served.due):
        return _not_shown(made, "coverage")
    made.gain_stated = gained is not None
    logs_left = _stated(gained) if gained is not None else gain.left(served, day, figure, draw, DRAWS)
    if logs_left is None:
        return _not_shown(made, "gain")
    answer = _step(served, day, draw, choice)
    beside = [one for one in dated if name_of(group_of(one.run)) in controls]
    control = _step(daily(beside, served.first, served.date(len(served) - 1)), day, draw) if beside else None
    _judge(made, made.after, served, day, logs_left, answer, control)
    return made


def _stated(gained: float) -> Any:
    if not 0 < gained < 1:
        raise ValueError(f"gain {gained}: a share above 0 and below 1")
    return np.full(DRAWS, math.log1p(-gained))


def suite(one: Recorded) -> bool:
    """Whether it is the run of a suite, not a scan of recordings."""
    return not one.cells or any(cell.key.mode != "recorded" for cell in one.cells)


def _not_shown(made: Outcome, why: str) -> Outcome:
    made.why_not = why
    return made


def _few_days(made: Outcome, start: dt.date, last: dt.date, fewest: int) -> Outcome:
    """More weeks help only on the later side, or where the day is looked for."""
    if made.date_found:
        missing = max(fewest - 1 - (last - start).days, 1)
    else:
        enough = (start - dt.date.fromisoformat(made.first)).days >= fewest
        missing = fewest - 1 - (last - start).days if enough else 0
    made.weeks_more = math.ceil(missing / 7) if missing > 0 else None
    return _not_shown(made, "days")


def _kept(made: Outcome, dated: list[Recorded], start: dt.date, end: dt.date) -> list[Recorded]:
    """Runs of groups that were counted before and after; the others are named apart."""
    sides: list[set[str]] = [set(), set()]
    for one in dated:
        date, name = date_of(one), name_of(group_of(one.run))
        if date and name not in made.controls and one.served:
            for side, within in zip(sides, (date < start, date >= end), strict=True):
                if within:
                    side.add(name)
    both = sides[0] & sides[1]
    made.groups, made.leavers, made.newcomers = sorted(both), sorted(sides[0] - both), sorted(sides[1] - both)
    return [one for one in dated if name_of(group_of(one.run)) in both]


def _near(served: Daily, day: int, choice: looked.Found) -> tuple[Daily, int, looked.Found]:
    """No more than `MOST_DAYS` on each side of a day that was found."""
    first = max(day - MOST_DAYS, 0)
    near = served.cut(first, min(day + MOST_DAYS, len(served)))
    again = np.clip(choice.again - first, FEWEST_DAYS, len(near) - FEWEST_DAYS)
    return near, day - first, choice._replace(at=day - first, again=again)


def _use(served: Daily, first: int, end: int) -> Use:
    part = served.cut(first, end)
    counted = [at for at in range(len(part)) if part.counted[at]]
    return Use(
        days=len(counted),
        verdicts=sum(part.verdicts[at] for at in counted),
        calls=sum(part.calls[at] for at in counted),
    )


def _columns(served: Daily) -> tuple[Any, Any, list[int], Any]:
    """(counts, weekdays, those that ever had a verdict, days counted on those): the rest of a week is no series."""
    weekdays = np.array([served.date(at).weekday() for at in range(len(served))])
    counts, counted = np.array(served.verdicts, float), np.array(served.counted)
    present = [one for one in range(7) if counts[counted & (weekdays == one)].sum()]
    return counts, weekdays, present, counted & np.isin(weekdays, present)


def _step(served: Daily, day: int, draw: np.random.Generator, choice: looked.Found | None = None) -> _Answer:
    counts, weekdays, present, counted = _columns(served)
    made = series.step(counts[None], series.design(weekdays, day, present), counted[None])
    if choice is None:
        return _Answer(made.draws(DRAWS, draw)[0], made)
    return _Answer(looked.draws(made, choice, weekdays, present, counted, DRAWS, draw), made)


def _judge(
    made: Outcome, after: Use, served: Daily, day: int, logs_left: Any, answer: _Answer, control: _Answer | None
) -> None:
    logs = answer.draws - (control.draws if control else 0.0)
    middle = float(answer.step.middle[0] - (control.step.middle[0] if control else 0.0))
    factor, left = np.exp(np.clip(logs, -50, 50)), np.exp(logs_left)
    k, gained = math.exp(middle), 1 - float(np.median(left))
    made.gain = _between(1 - left, gained)
    made.demand = _between(factor, k)
    made.autocorrelation = float(answer.step.autocorrelation[0])
    made.scatter = math.sqrt(answer.step.latent[0])
    made.calls_a_day = after.calls / after.days
    made.breaks_even_at = _between(1 - 1 / factor, 1 - 1 / k)
    made.keeps_gain = _between(made.calls_a_day / factor, made.calls_a_day / k)
    if (left < 1).mean() < 0.95:
        made.why_not = "gain"
        return
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (factor - 1) * left / (1 - left)
    # a draw without gain says nothing of R: it may be anything
    low = np.where(left < 1, ratio, -np.inf)
    high = np.where(left < 1, ratio, np.inf)
    made.rebound = Between(
        _end(np.quantile(low, 0.05)), rebound.rebound(gained, rebound.actual_saving(gained, k)),
        _end(np.quantile(high, 0.95)),
    )  # fmt: skip
    made.saving = _between(1 - factor * left, 1 - k * (1 - gained))
    made.keeps_total = made.calls_a_day / k * rebound.break_even_growth(gained)
    if np.quantile(low, 0.025) > 1:
        made.verdict = "backfire"
    elif np.quantile(high, 0.95) < 1:
        made.verdict = "partial"
    else:
        made.why_not = "weeks"
        made.weeks_more = _weeks_more(served, day, logs, logs_left, middle, answer)


def _weeks_more(served: Daily, day: int, logs: Any, logs_left: Any, middle: float, answer: _Answer) -> int | None:
    """R < 1 where ln k + ln (1 - g) < 0: weeks until its interval leaves 0, if the middle stays."""
    _, weekdays, _, counted = _columns(served)
    weeks = max(MOST_DAYS - (len(served) - day), 0) // 7
    later = series.deviations(answer.step, weekdays, day, counted, weeks)
    else_ = max(float(np.var(logs) - later[0] ** 2), 0.0) + float(np.var(logs_left))
    apart = middle + float(np.median(logs_left))
    needed = abs(apart) / (1.645 if apart < 0 else 1.96)
    enough = np.flatnonzero(np.sqrt(later[1:] ** 2 + else_) < needed)
    return int(enough[0]) + 1 if len(enough) else None


def _between(drawn: Any, middle: float) -> Between:
    low, high = np.quantile(drawn, [0.05, 0.95])
    return Between(_end(min(low, middle)), middle, _end(max(high, middle)))


def _end(value: Any) -> float | None:
    return float(value) if math.isfinite(value) else None
