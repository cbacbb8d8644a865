"""Days that are found: where they are sharp, where there is none, and what the choice costs."""

import math

import pytest

np = pytest.importorskip("numpy", reason="series need numpy: extra report")
pytest.importorskip("scipy", reason="series need scipy: extra report")

from jevons.weigh import found, series  # noqa: E402

SIZE = 140


def intensity(at, scatter, *, gain=0.5, seed=0):
    draw = np.random.default_rng(seed)
    return np.exp(draw.normal(0, scatter, SIZE) + math.log1p(-gain) * (np.arange(SIZE) >= at))


@pytest.mark.parametrize("at", [56, 70, 84])
def test_a_sharp_step_is_found_on_its_day_and_again_each_time(at):
    made = found.find(intensity(at, 0.02), 0, np.random.default_rng(1))
    assert made.at == at
    assert (made.again == at).all()
    assert made.stands_out


def test_days_without_a_figure_and_the_day_since_when():
    told = intensity(70, 0.02)
    told[::7] = math.nan  # day 70 among them: the first day that shows it is 71
    assert found.find(told, 0, np.random.default_rng(1)).at == 71
    later = found.find(intensity(60, 0.02), 65, np.random.default_rng(1))
    assert later.at >= 65
    assert found.find(told, 90, np.random.default_rng(1)) is None  # too near the end
    assert found.find(told[:100], 0, np.random.default_rng(1)) is None  # less than 56 days on each side


def test_without_a_change_one_is_seldom_shown():
    chances = [found.find(intensity(0, 0.3, seed=seed), 0, np.random.default_rng(1)).chance for seed in range(200)]
    assert sum(chance <= found.LEVEL for chance in chances) <= 30  # 10 expected, one in 20


def test_a_vague_day_does_not_stand_out():
    """A change that is there, in a scatter that hides its day."""
    made = [found.find(intensity(70, 1.0, seed=seed), 0, np.random.default_rng(1)) for seed in range(30)]
    changed = [one for one in made if one.chance <= found.LEVEL]
    assert len(changed) > 10
    assert sum(one.stands_out for one in changed) < len(changed) / 4


def test_intensity_of_nothing_is_no_error():
    told = np.where(np.arange(SIZE) >= 70, 0.0, 1.0)  # all replayed from then on
    assert found.find(told, 0, np.random.default_rng(1)).at == 70


def test_the_choice_is_among_what_the_step_scatters_by():
    """Drawn again on other days too, a step scatters more than on its own day alone; its middle stays."""
    draw = np.random.default_rng(2)
    weekdays = np.arange(SIZE) % 7
    counted = np.ones(SIZE, bool)
    counts = draw.poisson(50 * np.exp(0.3 * draw.standard_normal(SIZE)) * np.where(np.arange(SIZE) >= 70, 3, 1))
    made = series.step(counts[None], series.design(weekdays, 70), counted[None])
    sure = found.Found(70, np.full(found.TIMES, 70), 0.0)
    vague = found.Found(70, draw.integers(57, 84, found.TIMES), 0.0)
    spread = [
        np.subtract(*np.quantile(found.draws(made, one, weekdays, range(7), counted, 4000, draw), [0.95, 0.05]))
        for one in (sure, vague)
    ]
    assert spread[0] == pytest.approx(3.29 * made.deviation[0], rel=0.15)
    assert spread[1] > 1.1 * spread[0]
