"""Interrupted time series: against dense matrices, against another implementation, a few cells."""

import math

import pytest
import scripts

np = pytest.importorskip("numpy", reason="series need numpy: extra report")
pytest.importorskip("scipy", reason="series need scipy: extra report")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from jevons.weigh import series  # noqa: E402


@pytest.fixture(scope="module")
def simulated():
    return scripts.module("rebound")


def one(simulated, days=28, phi=0.5, factor=2.0, seed=3, many=1, **more):
    gain = 0.5
    cell = simulated.Cell(days, phi, 1.0, gain, factor - 1, **more)
    assert cell.log_factor == pytest.approx(math.log(factor))
    return simulated.simulate(cell, many, np.random.default_rng(seed))


def test_the_filter_is_generalised_least_squares(simulated):
    """Coefficients, covariance, likelihood for each autocorrelation, by inverted matrices of days that are there."""
    counts, counted, weekdays = one(simulated)
    columns = series.design(weekdays, 28)
    mean = counts.mean()
    working, noise, latent = np.log(counts + 1.0), np.full(counts.shape, 1 / mean), np.array([0.2])
    grid, freedom = np.array([-0.2, 0.0, 0.4, 0.9]), counted.sum(1) - columns.shape[1]
    weights, coefficients, covariance = series._integrated(
        working, columns[None], counted, noise, latent, grid, freedom
    )
    here = counted[0]
    apart = np.abs(np.subtract.outer(np.arange(56), np.arange(56)))
    likely = []
    for at, phi in enumerate(grid):
        spread = (0.2 * phi**apart + np.diag(noise[0]))[np.ix_(here, here)]
        inverse, x, y = np.linalg.inv(spread), columns[here], working[0, here]
        inner = x.T @ inverse @ x
        beta = np.linalg.solve(inner, x.T @ inverse @ y)
        rest = (y - x @ beta) @ inverse @ (y - x @ beta)
        assert coefficients[0, at] == pytest.approx(beta, rel=1e-6, abs=1e-8)
        assert covariance[0, at] == pytest.approx(np.linalg.inv(inner) * rest / freedom[0], rel=1e-5, abs=1e-8)
        logs = np.linalg.slogdet(spread)[1] + np.linalg.slogdet(inner)[1]
        likely.append(-0.5 * (logs + freedom[0] * math.log(rest)))
    expected = np.exp(np.array(likely) - max(likely))
    assert weights[0] == pytest.approx(expected / expected.sum(), rel=1e-5, abs=1e-12)


def test_another_implementation_agrees(simulated):
    """Prais and Winsten's iterated regression of log counts: another estimator, near where nothing is missing."""
    models = pytest.importorskip("statsmodels.api", reason="the oracle: statsmodels")
    for seed in range(5):
        counts, _, weekdays = one(simulated, days=56, seed=seed)
        columns = series.design(weekdays, 56)
        ours = series.step(counts, columns)
        theirs = models.GLSAR(np.log(counts[0] + 0.5), columns, rho=1).iterative_fit(20)
        assert ours.middle[0] == pytest.approx(theirs.params[series.STEP], abs=0.5 * theirs.bse[series.STEP])
        assert ours.deviation[0] == pytest.approx(theirs.bse[series.STEP], rel=0.4)


def test_more_days_as_foretold(simulated):
    """The deviation with so many weeks more is that of a series that has them."""
    counts, counted, weekdays = one(simulated, days=56, many=1)
    short = slice(None, 84)
    made = series.step(counts[:, short], series.design(weekdays[short], 56), counted[:, short])
    told = series.deviations(made, weekdays[short], 56, counted[0, short], 4)
    assert told[0] == pytest.approx(made.deviation[0])
    assert (np.diff(told) < 0).all()
    longer = []
    for seed in range(20):
        counts, counted, _ = one(simulated, days=56, many=1, seed=seed)
        sides = [
            series.step(counts[:, part], series.design(weekdays[part], 56), counted[:, part]).deviation[0]
            for part in (short, slice(None))
        ]
        longer.append(sides[1] / sides[0])
    assert told[4] / told[0] == pytest.approx(np.median(longer), rel=0.1)


@given(st.floats(0.01, 0.99), st.integers(0, 50))
@settings(max_examples=25, deadline=None)
def test_quantiles_invert_the_distribution_and_draws_follow_it(share, seed):
    draw = np.random.default_rng(seed)
    weights = draw.dirichlet(np.ones(4), 3)
    centres, scales = draw.normal(0, 1, (3, 4)), draw.uniform(0.1, 1, (3, 4))
    made = series.Step(weights, centres, scales, np.array([5, 20, 200]), np.arange(4) / 4, np.ones(3), np.ones((3, 1)))
    at = made.quantile(share)
    assert made.below(at) == pytest.approx(np.full(3, share), abs=1e-9)
    assert (made.draws(4000, draw) < at[:, None]).mean(1) == pytest.approx(np.full(3, share), abs=0.05)


def test_zeros_gaps_and_wild_days_stay_finite(simulated):
    counts, counted, weekdays = one(simulated, many=5, level=2.0)
    counts[0] = 0
    counts[1, weekdays > 4] = 0
    counts[2, 30] = 100_000
    counted[3, 35:50] = False
    counts[4, :28] = 0
    made = series.step(counts, series.design(weekdays, 28), counted)
    for share in (0.025, 0.5, 0.95):
        assert np.isfinite(made.quantile(share)).all()


def test_a_few_cells_cover(simulated):
    """200 series each: coverage within four deviations of its bars; both ends can fail."""
    for days, phi, truth in ((28, 0.0, 1.0), (56, 0.5, 0.0)):
        made = simulated.judge(simulated.Cell(days, phi, 1.0, 0.5, truth), 200, seed=1)
        assert 0.80 <= made.covered <= 0.985
        assert made.backfire <= 14
        if days == 56:
            assert made.below >= 0.8
            assert made.half <= 0.7
        assert made.deviation >= 0.8 * simulated.bound(made.cell)  # nobody stays below the bound


def test_too_sure_an_estimator_fails_these_bars(simulated, monkeypatch):
    """Days taken for independent: what is neglected shows; a true estimator covers 88 % here."""
    monkeypatch.setattr(series, "LOW", -0.001)
    monkeypatch.setattr(series, "HIGH", 0.001)
    made = simulated.judge(simulated.Cell(28, 0.5, 1.0, 0.5, 1.0), 200, seed=1)
    assert made.covered < 0.8
    assert any(
        not bar.met for bar in simulated.bars([made, made._replace(cell=simulated.Cell(56, 0.5, 1.0, 0.5, 0.0))])
    )
