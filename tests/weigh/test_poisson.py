"""Poisson regression: by hand, against another implementation, and what cannot be."""

import math

import pytest

np = pytest.importorskip("numpy", reason="regressions need numpy: extra report")

from jevons.weigh import poisson  # noqa: E402

DESIGN = np.array([[1, 0], [1, 0], [1, 1], [1, 1], [1, 1]])


def test_two_means_by_hand():
    """A step alone: the logs of means; the variance of their ratio's log is 1/sum + 1/sum; dispersion."""
    made = poisson.fit([[8, 12, 30, 36, 24]], DESIGN)
    assert made.coefficients[0] == pytest.approx([math.log(10), math.log(3)])
    assert made.errors(quasi=False)[0, 1] == pytest.approx(math.sqrt(1 / 20 + 1 / 90))
    assert made.dispersion[0] == pytest.approx((4 / 10 + 4 / 10 + 36 / 30 + 36 / 30) / 3)
    middle, low, high = made.factor(1, quasi=False)
    assert middle[0] == pytest.approx(3)
    assert low[0] * high[0] == pytest.approx(9)
    assert math.log(high[0] / 3) / 1.959964 == pytest.approx(math.sqrt(1 / 20 + 1 / 90), rel=1e-6)


def test_an_offset_and_missing_rows():
    made = poisson.fit([[8, 12, 30, 36, 999]], DESIGN, np.log([1, 1, 3, 3, 3]), [[True, True, True, True, False]])
    assert made.coefficients[0] == pytest.approx([math.log(10), math.log(1.1)])


def test_a_class_without_any_count_stays_finite():
    made = poisson.fit([[8, 12, 0, 0, 0]], DESIGN)
    assert made.coefficients[0, 0] == pytest.approx(math.log(10))
    assert made.coefficients[0, 1] < -15
    assert np.isfinite(made.covariance).all()


def test_another_implementation():
    models = pytest.importorskip("statsmodels.api", reason="the oracle: statsmodels")
    draw = np.random.default_rng(4)
    time = np.arange(48)
    design = np.column_stack([np.ones(48), time / 48, time >= 24, poisson.harmonics(time, 2, 12)])
    counts = draw.poisson(np.exp(3 + 0.3 * np.sin(time / 2) + 0.4 * (time >= 24)))
    ours = poisson.fit(counts[None], design, np.log(1 + time))
    theirs = models.GLM(counts, design, models.families.Poisson(), offset=np.log(1 + time)).fit(scale="X2")
    assert ours.coefficients[0] == pytest.approx(theirs.params, rel=1e-6)
    assert ours.errors(quasi=True)[0] == pytest.approx(theirs.bse, rel=1e-6)
    assert ours.deviance[0] == pytest.approx(theirs.deviance)
    assert ours.dispersion[0] == pytest.approx(theirs.scale)


@pytest.mark.parametrize("counts", [[1, 2, 3, 4, -1], [1, 2, 3, 4, math.nan], [1, 2, 3, 4, math.inf]])
def test_what_cannot_be(counts):
    with pytest.raises(ValueError, match="counts"):
        poisson.fit([counts], DESIGN)
