"""Cards of all kinds, for properties."""

from hypothesis import strategies as st

from jevons.shelf.card import Amount, Card, Spent

AMOUNTS = st.builds(Amount, st.floats(0, 1e9), st.sampled_from(["g", "kg", "t"]))
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=20)
SPENT = st.builds(
    Spent, how=st.sampled_from(["measured", "reported", "estimated"]), carbon=AMOUNTS,
    part=st.sampled_from(["dynamic", "idle", "all"]), place=WORDS, source=WORDS, note=WORDS,
)  # fmt: skip
CARDS = st.builds(
    Card, schema=st.just("jevons.card/1"), id=st.just("a"), name=st.just("A"), task=WORDS, licence=WORDS,
    base=st.lists(WORDS.filter(bool), max_size=2).map(tuple), training=st.lists(SPENT, max_size=3).map(tuple),
    calls=st.none() | st.floats(0, 1e12), users=st.lists(WORDS, max_size=2).map(tuple),
)  # fmt: skip

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=20,
)
"""Anything that JSON can hold."""
