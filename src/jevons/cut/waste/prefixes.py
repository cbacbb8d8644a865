"""Beginnings of prompts that were sent before: what a provider's prompt cache would serve, net of what it served.

A cache serves the longest beginning that was sent to the same model within its lifetime, from a minimum length on. A
whole prompt that was sent before is a repeat, not a prefix.
"""

from __future__ import annotations

from collections.abc import Iterator

from jevons.cut.waste.found import Found
from jevons.cut.waste.store import Store

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
    store: Store, minimum: int | None = None, lifetime_us: int | None = LIFETIME_US, any_host: bool = False
) -> None:
    """Fill the table ``hits``: tokens of each prompt that a cache would serve beyond what it did.

    `minimum`: tokens for all models; each model's own if None. `lifetime_us`: None for a cache that forgets nothing,
    and so for recordings, whose times do not tell when their tests run. `any_host`: also of servers that are no cloud.
    """
    live = store.mode == "live"
    models = [(model, least(model) if minimum is None else minimum) for (model,) in store.rows(
        f"SELECT DISTINCT answered_by FROM target WHERE i >= {minimum or 0}"  # noqa: S608
    )]  # fmt: skip
    store.con.execute("CREATE OR REPLACE TABLE leasts (answered_by VARCHAR, least BIGINT)")
    if models:
        store.con.executemany("INSERT INTO leasts VALUES (?, ?)", models)
    fewest = min((tokens for _, tokens in models), default=0)
    when = "started_us" if live else "0"
    recent = f"AND us - last_us <= {lifetime_us}" if live and lifetime_us is not None else ""
    store.con.execute(
        # a prefix's hash begins with the model: equal hashes were sent to the same one
        "CREATE OR REPLACE TEMP TABLE pieces AS SELECT n, us, least, c, hash(piece.hash) AS hash, "  # noqa: S608
        "piece.tokens AS tokens, piece.hash = whole AS is_whole FROM ("
        f"SELECT n, {when} AS us, least, c, prefixes[len(prefixes)].hash AS whole, unnest(prefixes) AS piece "
        "FROM target JOIN leasts USING (answered_by) WHERE ok AND usage = 'reported' "
        f"AND kind IN ('chat', 'completion') AND i >= {fewest // _DOUBT} {'' if any_host else _CLOUD}) "
        f"WHERE piece.tokens >= least // {_DOUBT}"
    )
    sent = (
        "SELECT n FROM (SELECT n, row_number() OVER (PARTITION BY hash ORDER BY us, n) AS nth "
        "FROM pieces WHERE is_whole) WHERE nth > 1"
    )
    store.con.execute(
        "INSERT INTO hits SELECT n, max(tokens) - min(c) AS more FROM ("  # noqa: S608
        "SELECT n, us, least, c, tokens, lag(us) OVER (PARTITION BY hash ORDER BY us, n) AS last_us FROM pieces) "
        f"WHERE last_us IS NOT NULL AND tokens >= least {recent} AND n NOT IN ({sent}) GROUP BY n HAVING more > 0"
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
