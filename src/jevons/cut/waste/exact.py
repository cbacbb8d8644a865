"""Exact repeats: what was asked before, word for word."""

from __future__ import annotations

from collections.abc import Iterator

from jevons.cut.waste.found import Found
from jevons.cut.waste.store import Store

NEUTRAL_KINDS = ("embeddings", "rerank", "moderation")
"""Kinds of calls that give one answer to one request."""
_SAME = "the model reads the same again; nothing is sampled"
_SAMPLED = "an answer that was sampled is frozen: fine where the test is about your code, not where it is about chance"


def find(store: Store) -> Iterator[Found]:
    """Kinds that sample nothing, then the others. `asked.find` comes first."""
    kinds = ", ".join(f"'{kind}'" for kind in NEUTRAL_KINDS)
    store.con.execute(
        f"CREATE TEMP TABLE repeated AS SELECT n, kind IN ({kinds}) AS neutral, exact_same_run, same_asker, "  # noqa: S608
        "temperature FROM asked JOIN target USING (n) WHERE asked.exact"
    )
    for name, condition in (("exact-neutral", "neutral"), ("exact", "NOT neutral")):
        from_where = f"FROM repeated WHERE {condition}"
        if not store.mark(name, f"SELECT n {from_where}"):
            continue
        same, other, earlier, cold = store.rows(
            "SELECT count(*) FILTER (same_asker), count(*) FILTER (exact_same_run AND NOT same_asker), "
            f"count(*) FILTER (NOT exact_same_run), count(*) FILTER (temperature = 0) {from_where}"
        )[0]
        if store.mode == "recorded":
            said = [(same, "in the same recording"), (other, "in another recording")]
        else:
            said = [(same, "by the same test"), (other, "by another test"), (earlier, "in an earlier run")]
        before = ", ".join(f"{count:,} {where}" for count, where in said if count)
        kind = "embeddings, reranking, moderation" if name == "exact-neutral" else "answers that a model writes"
        do = ["pytest --jevons-replay=new_episodes"]
        if name == "exact":
            do = [f"@pytest.mark.jevons_replay on these tests, with {do[0]}"]
        yield Found(
            kind=name,
            what=f"asked before, word for word ({kind}): {before}",
            do=do,
            why=_SAME if name == "exact-neutral" else _SAMPLED + (f" ({cold:,} at temperature 0)" if cold else ""),
        )
