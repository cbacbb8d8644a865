"""LMDI-I: no residual on any table, the laws that it is chosen for, published figures, and the drivers of a total."""

import math
from itertools import pairwise

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from jevons.weigh.decomposition import DRIVERS, Decomposition, Side, Sums, factors, lmdi, log_mean

# -- tables -----------------------------------------------------------------------------------------------------


def read_table(raw):
    """Before, after and names out of bytes: many small draws would take minutes where this takes seconds.

    A category in eight is only before, one only after, one nearly the same on both; a factor in eight is zero, the
    others lie between 1e-6 and 1e6.
    """
    names = DRIVERS[: 1 + raw[0] % len(DRIVERS)]
    before, after, size = {}, {}, 1 + 4 * len(names)
    for number, start in enumerate(range(1, len(raw) - size + 1, size)):
        kind, bytes_ = raw[start] % 8, raw[start + 1 : start + size]
        row = [
            0.0 if b < 32 else 10 ** ((b - 144) / 18) * (1 + c / 256)
            for b, c in zip(bytes_[::2], bytes_[1::2], strict=True)
        ]
        old, new = row[: len(names)], row[len(names) :]
        if kind == 2:
            new = [x * (1 + 1e-13 * y) for x, y in zip(old, new, strict=True)]
        if kind != 0:
            after[number] = new
        if kind != 1:
            before[number] = old
    return before, after, names


TABLES = st.binary(min_size=30, max_size=110).map(read_table)


def split(before, after, names):
    return lmdi(before, after, names, entry=names[0])


def value(table):
    return math.fsum(math.prod(row) for row in table.values())


def same(one, other, scale):
    return all(math.isclose(one[name], other[name], rel_tol=1e-9, abs_tol=1e-12 * scale) for name in one | other)


@pytest.mark.slow
@settings(max_examples=10_000)
@given(TABLES)
def test_no_residual(tables):
    before, after, names = tables
    made, old, new = split(*tables), value(before), value(after)
    # A thousandth of the bar, of the total: what floats leave where effects cancel to nearly nothing.
    close = 1e-12 * max(old, new)
    assert (made.before, made.after) == (old, new)
    assert math.isclose(math.fsum(made.effects.values()), new - old, rel_tol=1e-9, abs_tol=close)
    assert list(made.effects) == list(names)
    for category, row in made.by_category.items():
        change = math.prod(after.get(category, [0])) - math.prod(before.get(category, [0]))
        assert math.isclose(math.fsum(row.values()), change, rel_tol=1e-9, abs_tol=close)
    if old and new:
        assert math.prod(made.ratios.values()) == pytest.approx(new / old, rel=1e-9)
        assert made.ratio == new / old
    else:
        assert made.ratio is None
        assert made.ratios is None


@given(TABLES)
def test_back_in_time_effects_change_sign(tables):
    before, after, names = tables
    forth, back = split(before, after, names), split(after, before, names)
    scale = max(forth.before, forth.after)
    assert same(forth.effects, {name: -effect for name, effect in back.effects.items()}, scale)
    if forth.ratios:
        assert same(forth.ratios, {name: 1 / ratio for name, ratio in back.ratios.items()}, 1)


@given(TABLES, st.integers(0, 5), st.integers(0, 5))
def test_halves_of_a_category_are_the_category(tables, which, by):
    before, after, names = tables
    both = [category for category in before if category in after]
    assume(both)
    cut, at = both[which % len(both)], by % len(names)
    made = split(*tables)
    halves = []
    for table in (before, after):
        half = [x / 2 if k == at else x for k, x in enumerate(table[cut])]
        halves.append({key: row for key, row in table.items() if key != cut} | {(cut, 1): half, (cut, 2): half})
    assert same(made.effects, split(*halves, names).effects, max(made.before, made.after))


@given(TABLES, TABLES)
def test_effects_of_parts_add_up(one, other):
    """Consistent in aggregation: groups first, then their total, is the same as all at once."""
    names = min(one[2], other[2], key=len)
    cut = [[{(part, key): row[: len(names)] for key, row in side.items()} for side in tables[:2]]
           for part, tables in enumerate((one, other))]  # fmt: skip
    parts = [split(*sides, names) for sides in cut]
    whole = split(cut[0][0] | cut[1][0], cut[0][1] | cut[1][1], names)
    added = {name: parts[0].effects[name] + parts[1].effects[name] for name in names}
    assert same(whole.effects, added, max(whole.before, whole.after))
    assert math.isclose(parts[0].change + parts[1].change, whole.change, abs_tol=1e-12 * max(whole.before, whole.after))


@given(TABLES, st.floats(1e-3, 1e3), st.integers(0, 5))
def test_another_unit_scales_effects_and_leaves_ratios(tables, unit, by):
    before, after, names = tables
    at, made = by % len(names), split(*tables)
    scaled = [{key: [x * unit if k == at else x for k, x in enumerate(row)] for key, row in table.items()}
              for table in (before, after)]  # fmt: skip
    other = split(*scaled, names)
    scale = max(made.before, made.after) * unit
    assert same(other.effects, {name: effect * unit for name, effect in made.effects.items()}, scale)
    assert (made.ratios is None) == (other.ratios is None)
    if made.ratios:
        assert same(made.ratios, other.ratios, 1)


@given(TABLES)
def test_a_driver_that_stays_has_no_effect(tables):
    before, after, names = tables
    still = {key: [*row[:-1], before[key][-1] if key in before else row[-1]] for key, row in after.items()}
    assume(len(names) > 1)
    made = split(before, still, names)
    assert made.effects[names[-1]] == 0
    assert made.ratios is None or made.ratios[names[-1]] == 1


# -- zeros ------------------------------------------------------------------------------------------------------

EIGHT = [  # before, after, effect of the first factor: Ang, Zhang & Choi 1998, table 2, in its order
    ([0, 6], [7, 6], 42),
    ([7, 6], [0, 6], -42),
    ([7, 0], [7, 6], 0),
    ([7, 6], [7, 0], 0),
    ([7, 0], [9, 0], 0),
    ([0, 6], [0, 8], 0),
    ([7, 0], [0, 0], 0),
    ([0, 0], [7, 0], 0),
]


@pytest.mark.parametrize(("before", "after", "effect"), EIGHT)
def test_eight_cases(before, after, effect):
    assert lmdi({"a": before}, {"a": after}, ["x", "y"]).effects["x"] == effect


@pytest.mark.parametrize(("before", "after"), [([0, 6, 2], [7, 5, 3]), ([0, 0, 2], [7, 5, 3]), ([0, 0, 0], [7, 5, 3])])
def test_limits_are_what_ever_smaller_numbers_head_for(before, after):
    """As 1 / ln(1 / filler): a filler of 1e-10, often used, is far off yet."""
    limit = lmdi({"a": before}, {"a": after}, "xyz").effects
    off = []
    for exponent in (10, 30, 100):
        filled = lmdi({"a": [x or 10.0**-exponent for x in before]}, {"a": after}, "xyz").effects
        off.append(max(abs(filled[name] - limit[name]) for name in "xyz") / 105)
    assert all(later < earlier / 2 for earlier, later in pairwise(off))
    assert off[-1] < 0.02


def test_products_too_small_for_a_float_leave_no_residual():
    made = lmdi({"a": [1e-200, 1e-200]}, {"a": [2.0, 3.0]}, ["x", "y"])
    assert made.before == 0
    assert math.fsum(made.effects.values()) == pytest.approx(6, rel=1e-12)
    assert made.effects["x"] == pytest.approx(3, rel=0.01)


def test_factors_that_cancel():
    """What rounding leaves of no change is not taken for one."""
    made = lmdi({"a": [0.1, 0.7]}, {"a": [0.3, 0.7 / 3]}, ["x", "y"])
    assert list(made.effects.values()) == pytest.approx([0.07 * math.log(3), -0.07 * math.log(3)], rel=1e-12)


# -- published figures ------------------------------------------------------------------------------------------

HEATERS = [7909.898576, 0.168054745, 0.521283202, 0.009258785]
FANS = [7909.898576, 0.072489945, 0.078700891, 0.036152202]
FANS_2004 = [7962.921168, 0.101321321, 0.059104816, 0.036042366]


def test_a_category_that_leaves():
    """Ghana's electric heaters and fans, 2003 and 2004: figures and tolerance of LMDIR's tests (Heun, MIT licence)."""
    names = ["energy", "efficiency", "sector", "use"]
    tables = {"heaters": HEATERS, "fans": FANS}, {"fans": FANS_2004}
    made = lmdi(*tables, names, entry="use")
    assert list(made.by_category["heaters"].values()) == pytest.approx([0, 0, 0, -6.415779079], rel=1e-6)
    assert list(made.effects.values()) == pytest.approx([0.011188553, 0.56076961, -0.479535332, -6.420874823], rel=1e-6)
    assert list(made.ratios.values()) == pytest.approx([1.002733012, 1.146589093, 0.889606884, 0.208820902], rel=1e-6)
    assert made.ratio == pytest.approx(0.2135822730663597, rel=1e-6)
    back = lmdi(*reversed(tables), names, entry="use")
    assert list(back.by_category["heaters"].values()) == pytest.approx([0, 0, 0, 6.415779079], rel=1e-6)
    with pytest.raises(ValueError, match="heaters is on one side only"):
        lmdi(*tables, names)


def test_without_a_driver():
    made = Decomposition(before=140, after=160, effects={"activity": 50, "structure": -10, "intensity": -20})
    assert made.without("intensity") == 180


# -- logarithmic mean -------------------------------------------------------------------------------------------

POSITIVE = st.floats(1e-300, 1e300)


@given(POSITIVE, POSITIVE)
@example(1.0, 1 + 2**-52)
@example(1.0, 2.0)
def test_log_mean_lies_between_the_geometric_and_the_arithmetic(a, b):
    mean = log_mean(a, b)
    assert mean == pytest.approx(log_mean(b, a), rel=1e-12)
    assert math.sqrt(a) * math.sqrt(b) * (1 - 1e-12) <= mean <= (a / 2 + b / 2) * (1 + 1e-12)


@given(POSITIVE, st.floats(1e-15, 1e-4))
def test_log_mean_of_nearly_equal_values(a, apart):
    """By its series: a (1 + d/2 - d^2/12), d the relative difference; one more term is below 1e-13."""
    b = a * (1 + apart)
    d = (b - a) / a
    assert log_mean(a, b) == pytest.approx(a * (1 + d / 2 - d * d / 12), rel=1e-12)


def test_log_mean_at_zero():
    assert log_mean(0, 0) == log_mean(3, 0) == log_mean(0, 3) == 0
    for wrong in (-1.0, math.nan):
        with pytest.raises(ValueError, match="not negative"):
            log_mean(wrong, 1)


@pytest.mark.parametrize(
    ("before", "names", "why"),
    [
        ({"a": [-1, 2]}, "xy", "a: factors"),
        ({"a": [math.nan, 2]}, "xy", "a: factors"),
        ({"a": [math.inf, 2]}, "xy", "a: factors"),
        ({"a": [1]}, "xy", "a: factors"),
        ({"a": [1e200, 1e200]}, "xy", "too large"),
        ({"a": [1, 2]}, "xx", "each once"),
    ],
)
def test_what_is_refused(before, names, why):
    for tables in ((before, {"a": [1, 2]}), ({"a": [1, 2]}, before)):
        with pytest.raises(ValueError, match=why):
            lmdi(*tables, names)
    with pytest.raises(ValueError, match="the entry z among them"):
        lmdi({"a": [1, 2]}, {"a": [1, 2]}, "xy", entry="z")


# -- drivers ----------------------------------------------------------------------------------------------------


def some(calls, tokens, energy_wh, carbon_g):
    """Sums that can be: nothing without calls, no carbon without energy."""
    return Sums(calls=calls, tokens=tokens * bool(calls), energy_wh=energy_wh * bool(calls),
                carbon_g=carbon_g * bool(calls and energy_wh))  # fmt: skip


AMOUNT = st.just(0.0) | st.floats(1e-3, 1e6)
SUMS = st.builds(some, st.integers(0, 1000), st.integers(0, 10**7), AMOUNT, AMOUNT)
CATEGORIES = st.dictionaries(st.sampled_from("abcd"), SUMS)


@st.composite
def sides(draw):
    categories = draw(CATEGORIES)
    idle = not any(sums.calls for sums in categories.values())
    return Side(runs=draw(st.integers(0 if idle else 1, 50)), categories=categories)


@given(sides(), sides())
def test_factors_multiply_to_grams_and_effects_to_the_change(before, after):
    tables = factors(before, after)
    assert tables[0].keys() == tables[1].keys() == before.categories.keys() | after.categories.keys()
    for table, side in zip(tables, (before, after), strict=True):
        for name, row in table.items():
            sums = side.categories.get(name, Sums())
            assert math.prod(row) == pytest.approx(sums.carbon_g, rel=1e-12)
            assert math.prod(row[:-1]) == pytest.approx(sums.energy_wh, rel=1e-12)
            # Zeros of one cause are one zero: no effect is shared out between drivers that did not act.
            assert sum(x == 0 for x in row) <= 1 or not math.prod(tables[0][name]) + math.prod(tables[1][name])
    made = lmdi(*tables, DRIVERS)
    grams = [math.fsum(sums.carbon_g for sums in side.categories.values()) for side in (before, after)]
    assert math.fsum(made.effects.values()) == pytest.approx(grams[1] - grams[0], rel=1e-9, abs=1e-9 * max(grams))


OLD = Side(runs=10, categories={"big": Sums(calls=100, tokens=50_000, energy_wh=200, carbon_g=80)})


def moved(runs=10, **categories):
    return lmdi(*factors(OLD, Side(runs=runs, categories=categories)), DRIVERS)


@pytest.mark.parametrize(
    ("driver", "made"),
    [
        ("runs", moved(20, big=Sums(calls=200, tokens=100_000, energy_wh=400, carbon_g=160))),
        ("calls_per_run", moved(big=Sums(calls=200, tokens=100_000, energy_wh=400, carbon_g=160))),
        ("tokens_per_call", moved(big=Sums(calls=100, tokens=100_000, energy_wh=400, carbon_g=160))),
        ("energy_per_token", moved(big=Sums(calls=100, tokens=50_000, energy_wh=400, carbon_g=160))),
        ("grid", moved(big=Sums(calls=100, tokens=50_000, energy_wh=200, carbon_g=160))),
    ],
)
def test_one_driver_alone(driver, made):
    assert made.effects[driver] == pytest.approx(80)
    assert made.ratios[driver] == pytest.approx(2)
    assert sum(effect != 0 for effect in made.effects.values()) == 1


@pytest.mark.parametrize(
    ("driver", "made"),
    [
        ("model_mix", moved(small=Sums(calls=100, tokens=90_000, energy_wh=20, carbon_g=5))),
        ("calls_per_run", moved()),
        ("runs", moved(0)),
        ("tokens_per_call", moved(big=Sums(calls=100))),
        ("energy_per_token", moved(big=Sums(calls=100, tokens=50_000))),
        ("grid", moved(big=Sums(calls=100, tokens=50_000, energy_wh=200))),
    ],
)
def test_one_driver_alone_to_nothing(driver, made):
    assert made.effects[driver] == pytest.approx(made.change)
    assert made.change <= -75
    assert sum(effect != 0 for effect in made.effects.values()) == 1


def test_a_swap_of_models_is_mix():
    """By hand: half of the calls go to a model that needs a tenth; the old one's tokens and energy per call stay."""
    big = Sums(calls=50, tokens=25_000, energy_wh=100, carbon_g=40)
    small = Sums(calls=50, tokens=25_000, energy_wh=10, carbon_g=4)
    tables = factors(OLD, Side(runs=10, categories={"big": big, "small": small}))
    assert tables[0]["small"] == pytest.approx([10, 10, 0, 500, 10 / 25_000, 0.4])  # what it would be, and no calls
    made = lmdi(*tables, DRIVERS)
    assert made.by_category["big"]["model_mix"] == pytest.approx(-40)
    assert made.by_category["small"]["model_mix"] == pytest.approx(4)
    assert made.effects["model_mix"] == pytest.approx(-36)


@pytest.mark.parametrize("tokens", [(0, 0), (0, 9_000), (9_000, 0)])
def test_energy_without_tokens_goes_by_the_call(tokens):
    """Whichever side lacks them: Wh per call halve, and nothing is said of tokens."""
    sides = [Side(runs=1, categories={"metered": Sums(calls=calls, tokens=count, energy_wh=wh, carbon_g=wh / 2)})
             for calls, count, wh in ((10, tokens[0], 40), (20, tokens[1], 40))]  # fmt: skip
    tables = factors(*sides)
    assert [table["metered"][3:5] for table in tables] == [[1, 4], [1, 2]]
    made = lmdi(*tables, DRIVERS)
    assert made.effects["tokens_per_call"] == 0
    assert made.effects["energy_per_token"] == pytest.approx(-20 * math.log(2))
    assert made.effects["calls_per_run"] == pytest.approx(20 * math.log(2))


@pytest.mark.parametrize("wrong", [{"tokens": 5}, {"calls": 1, "carbon_g": 1}, {"calls": -1}, {"calls": math.nan}])
def test_sums_that_cannot_be(wrong):
    with pytest.raises(ValueError, match=r"nothing without calls|0 at least"):
        Sums(**wrong)


def test_calls_without_runs_are_refused():
    with pytest.raises(ValueError, match="no calls without one"):
        factors(OLD, Side(runs=0, categories=OLD.categories))
