"""Beginnings of prompts that were sent before: what a provider's prompt cache would serve, net of what it served.

A cache serves the longest beginning that was sent to the same model within its lifetime, from a minimum length on. A
whole prompt that was sent before is a repeat, not a prefix.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from jevons.cut.waste.found import Found
from jevons.cut.waste.store import Store
from jevons.wire.chain import ENDS, HASH

LIFETIME_US = 300_000_000
"""Five minutes from the last use: Anthropic's default, the least of OpenAI's 5 to 10 minutes (their guides on prompt
caching, 2026)."""
LEAST = 1_024
"""Tokens from which OpenAI caches prompts (developers.openai.com, Prompt caching, 2026), and most others."""
_LEAST = (
    (("claude", "opus-5"), 512),
    (("claude", "haiku-4"), 4_096),
    (("claude", "opus-4-5"), 4_096),
    (("claude", "opus-4-6"), 4_096),
    (("claude", "opus-4-7"), 4_096),
    (("claude", "haiku"), 2_048),
    (("gemini-2.5",), 2_048),
    (("gemini",), 4_096),
)
"""Model names with these parts have another minimum, the first that fits: Anthropic's guide on prompt caching as listed
by docs.litellm.ai (2026-10-07); ai.google.dev, Context caching (2026-10-13)."""
_DOUBT = 2
"""Where a prefix ends is estimated call by call: one that is long enough here may have seemed half as long before."""
_CLOUD = "AND host_class = 'cloud'"
_CACHE_CONTROL = 'cache_control={"type": "ephemeral"} on the last block that calls share (Anthropic, Bedrock)'
_FIRST = "put what calls share first and what changes last; OpenAI and Gemini cache by themselves"


def least(model: str) -> int:
    """Fewest tokens that the cache behind a model serves."""
    name = model.lower().replace(".", "-") if "claude" in model.lower() else model.lower()
    return next((tokens for parts, tokens in _LEAST if all(part in name for part in parts)), LEAST)


def serve(
    store: Store,
    minimum: int | None = None,
    lifetime_us: int | None = LIFETIME_US,
    any_host: bool = False,
    net: bool = True,
) -> None:
    """Fill the table ``hits``: tokens of each prompt that a cache would serve beyond what it did.

    `minimum`: tokens for all models; each model's own if None. `lifetime_us`: None for a cache that forgets nothing,
    and so for recordings, whose times do not tell when their tests run. `any_host`: also of servers that are no cloud.
    `net`: of what it did serve; all that a cache would serve if not.
    """
    live = store.mode == "live"
    when, served = "started_us" if live else "0", "c" if net else "0::BIGINT"
    recent = f"us - last_us <= {lifetime_us}" if live and lifetime_us is not None else "true"
    models = [(model, least(model) if minimum is None else minimum) for (model,) in store.rows(
        "SELECT DISTINCT answered_by FROM target"
    )]  # fmt: skip
    store.con.execute("CREATE OR REPLACE TABLE leasts (answered_by VARCHAR, least BIGINT)")
    if models:
        store.con.executemany("INSERT INTO leasts VALUES (?, ?)", models)
    store.con.execute(
        f"CREATE OR REPLACE TEMP VIEW prompts AS SELECT n, {when} AS us, least, {served} AS c, i, "  # noqa: S608
        "prompt_chain AS chain, prompt_bytes AS size, prefixes FROM target JOIN leasts USING (answered_by) "
        f"WHERE ok AND usage = 'reported' AND kind IN ('chat', 'completion') AND i > 0 {'' if any_host else _CLOUD}"
    )
    _by_chains(store, recent)
    _by_messages(store, recent, min((tokens for _, tokens in models), default=0))


def _by_chains(store: Store, recent: str) -> None:
    """Block by block: who begins as another did, and then only of these who goes on alike."""
    shortest = store.one("SELECT min(least * (size / i)) FROM prompts WHERE size > 0 AND i >= least")
    if shortest is None:
        return
    first = bisect_left(ENDS, shortest) + 1
    store.con.execute(
        "CREATE OR REPLACE TEMP TABLE chains AS SELECT n, us, least, c, i, size, chain, "  # noqa: S608
        f"hash(right(chain, {2 * HASH})) AS whole FROM prompts WHERE length(chain) >= {HASH * (first + 3)}"
    )
    store.con.execute("CREATE OR REPLACE TEMP TABLE shared (n BIGINT, bytes BIGINT)")
    table, rows = "chains", store.one("SELECT count(*) FROM chains")
    for block, end in enumerate(ENDS[first - 1 :], first):
        store.con.execute(
            # two hashes in a row; the chain begins with the model
            "CREATE OR REPLACE TEMP TABLE alike AS SELECT n, us, last_us FROM (SELECT n, us, lag(us) OVER same AS "  # noqa: S608
            f"last_us, lead(us) OVER same AS next_us FROM (SELECT n, us, hash(substr(chain, {HASH * (block - 1) + 1}, "
            f"{2 * HASH})) AS begins FROM {table} WHERE length(chain) >= {HASH * (block + 3)}) "
            "WINDOW same AS (PARTITION BY begins ORDER BY us, n)) WHERE last_us IS NOT NULL OR next_us IS NOT NULL"
        )
        left = store.one("SELECT count(*) FROM alike")
        if not left:
            break
        store.con.execute(f"INSERT INTO shared SELECT n, {end} FROM alike WHERE last_us IS NOT NULL AND {recent}")  # noqa: S608
        if 2 * left < rows:
            store.con.execute(
                f"CREATE OR REPLACE TEMP TABLE longer AS SELECT n, us, chain FROM {table} SEMI JOIN alike USING (n)"  # noqa: S608
            )
            table, rows = "longer", left
    nth = "SELECT n, row_number() OVER (PARTITION BY whole ORDER BY us, n) AS nth FROM chains"
    store.con.execute(
        "INSERT INTO hits SELECT n, floor(bytes * (i / size))::BIGINT - c AS more FROM "  # noqa: S608
        "(SELECT n, max(bytes) AS bytes FROM shared GROUP BY n) JOIN chains USING (n) "
        f"WHERE bytes * (i / size) >= least AND more > 0 AND n NOT IN (SELECT n FROM ({nth}) WHERE nth > 1)"
    )
    for name in ("chains", "shared", "alike", "longer"):
        store.con.execute(f"DROP TABLE IF EXISTS {name}")


def _by_messages(store: Store, recent: str, fewest: int) -> None:
    """Of calls that were recorded before there were chains: at the ends of messages, as far as those were kept."""
    if not store.rows("SELECT n FROM prompts WHERE len(prefixes) > 0 LIMIT 1"):
        return
    store.con.execute(
        # a prefix's hash begins with the model: equal hashes were sent to the same one
        "CREATE OR REPLACE TEMP TABLE pieces AS SELECT n, us, least, c, hash(piece.hash) AS hash, "  # noqa: S608
        "piece.tokens AS tokens, piece.hash = whole AS is_whole FROM ("
        "SELECT n, us, least, c, prefixes[len(prefixes)].hash AS whole, unnest(prefixes) AS piece "
        f"FROM prompts WHERE i >= {fewest // _DOUBT}) WHERE piece.tokens >= least // {_DOUBT}"
    )
    sent = (
        "SELECT n FROM (SELECT n, row_number() OVER (PARTITION BY hash ORDER BY us, n) AS nth "
        "FROM pieces WHERE is_whole) WHERE nth > 1"
    )
    store.con.execute(
        "INSERT INTO hits SELECT n, max(tokens) - min(c) AS more FROM ("  # noqa: S608
        "SELECT n, us, least, c, tokens, lag(us) OVER (PARTITION BY hash ORDER BY us, n) AS last_us FROM pieces) "
        f"WHERE last_us IS NOT NULL AND tokens >= least AND {recent} AND n NOT IN ({sent}) GROUP BY n HAVING more > 0"
    )
    store.con.execute("DROP TABLE pieces")


def find(store: Store) -> Iterator[Found]:
    """Calls of which a provider's cache would serve more."""
    serve(store)
    count = store.mark("prefixes", "SELECT n FROM hits")
    if not count:
        return
    more, claude = store.rows(
        "SELECT sum(more), count(*) FILTER (answered_by ILIKE '%claude%') FROM hits JOIN target USING (n)"
    )[0]
    yield Found(
        kind="prefixes",
        what=f"prompts that begin as one before them: {more:,} tokens that a provider's cache would serve",
        do=[_CACHE_CONTROL, _FIRST] if 2 * claude > count else [_FIRST, _CACHE_CONTROL],
        why="answers stay as they are; a cache forgets after minutes, and some ask money for writing",
    )
