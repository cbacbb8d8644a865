"""Derivations: every leaf has a named source, and the numbers of the tree add up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.footprint import account
from jevons.footprint.derivation import derive
from jevons.ledger.cells import cells
from jevons.record import Call

some_calls = st.lists(
    st.builds(
        Call,
        id=st.just("1"),
        run=st.just("r"),
        provider=st.sampled_from(["openai", "aws.bedrock", "ollama", "unknown"]),
        model=st.sampled_from(["gpt-4o", "llama-3.1-70b", "text-embedding-3-small", "nobody-knows", ""]),
        kind=st.sampled_from(["chat", "embeddings", "rerank", "image"]),
        host_class=st.sampled_from(["cloud", "loopback", "private"]),
        usage=st.sampled_from(["reported", "estimated", "unknown"]),
        status=st.sampled_from([200, 429, 500, None]),
        region=st.sampled_from(["", "eu-west-3"]),
        input_tokens=st.none() | st.integers(0, 100_000),
        output_tokens=st.none() | st.integers(0, 10_000),
        measured_mj=st.none() | st.integers(0, 10**6),
        cpu_us=st.none() | st.integers(0, 10**6),
        started_us=st.just(1_790_000_000_000_000),
    ),
    min_size=1,
    max_size=8,
)


@given(some_calls)
def test_every_leaf_has_a_source(calls):
    tree = derive("all", [(one, 1.0) for one in account(cells(calls))])
    for leaf in tree.leaves():
        assert leaf.source, leaf


def test_the_tree_adds_up():
    calls = [
        Call(id="1", run="r", provider="openai", model="gpt-4o", usage="reported", status=200, input_tokens=900,
             cached_tokens=300, output_tokens=400),
        Call(id="2", run="r", provider="groq", model="llama-3.1-70b", usage="reported", status=200, input_tokens=50,
             output_tokens=2_000),
    ]  # fmt: skip
    accounts = sorted(account(cells(calls)), key=lambda one: -one.figures.amount("energy_wh"))
    tree = derive("all", [(one, 0.5) for one in accounts])
    energy = next(node for node in tree.children if node.what == "energy")
    servings = [node for node in tree.children if node.children]
    assert energy.figure.mid == pytest.approx(sum(node.children[0].figure.mid for node in servings))
    for node, one in zip(servings, accounts, strict=True):
        joules = node.children[0].children[0]
        counted = [leaf.figure.mid for leaf in joules.children if leaf.unit == "J"]
        assert len(counted) >= 4
        assert joules.figure.mid == pytest.approx(sum(counted))
        assert joules.figure.mid == pytest.approx(sum(one.figures.spent.values()) / 2)
        chain = {leaf.what.split(" ")[0]: leaf.figure.mid for leaf in node.children[0].children[1:]}
        wh = joules.figure.mid * chain["host"] * chain["idle"] * chain["pue"] / 3600
        assert node.children[0].figure.mid == pytest.approx(wh)


def test_modes_are_never_mixed():
    calls = [Call(id="1", run="r", mode=mode, usage="reported", status=200) for mode in ("live", "replayed")]
    with pytest.raises(ValueError, match="never mixed"):
        derive("all", [(one, 1.0) for one in account(cells(calls))])


def test_an_unknown_model_is_said_to_have_the_widest_tier():
    made = account(cells([Call(id="1", run="r", model="zzz", usage="reported", status=200, output_tokens=5)]))
    tree = derive("all", [(one, 1.0) for one in made])
    assert any("not known: the widest tier" in leaf.what for leaf in tree.leaves())
