"""What the public promised a site for permanent jobs, and whether they came."""

from __future__ import annotations

import msgspec

from jevons.factors.sites import Indicator, Site


class Ratio(msgspec.Struct, frozen=True, kw_only=True):
    """A ratio of sourced figures, ends by ends; None: not known."""

    value: float | None
    low: float | None
    high: float | None
    unit: str
    formula: str

    @property
    def known(self) -> bool:
        """Whether it says anything."""
        return not (self.value is None and self.low is None and self.high is None)


def per_promised_job(site: Site) -> Ratio:
    """Subsidy over promised permanent jobs (Good Jobs First's measure), where one deal has both; else as published.

    Jobs of a model or of construction never count.
    """
    published, subsidy, jobs = (
        site.latest(name) for name in ("subsidy_usd_per_job", "subsidy_usd", "jobs_promised")
    )  # fmt: skip
    if published is not None and published.known:
        return Ratio(value=published.value, low=published.low, high=published.high, unit="USD/job",
                     formula="as its source gives it")  # fmt: skip
    return _over(subsidy, jobs, "USD/job", "subsidy_usd / jobs_promised")


def kept(site: Site) -> Ratio:
    """Permanent jobs found over those promised."""
    return _over(site.latest("jobs_found"), site.latest("jobs_promised"), "1", "jobs_found / jobs_promised")


def _over(above: Indicator | None, below: Indicator | None, unit: str, formula: str) -> Ratio:
    """Ends by ends; not known where either is not."""

    def end(one: float | None, other: float | None) -> float | None:
        return None if one is None or not other else one / other

    if above is None or below is None:
        return Ratio(value=None, low=None, high=None, unit=unit, formula=formula)
    return Ratio(
        low=end(above.low, below.high), value=end(above.value, below.value), high=end(above.high, below.low),
        unit=unit, formula=formula,
    )  # fmt: skip
