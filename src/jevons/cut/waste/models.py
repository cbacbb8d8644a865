"""Large models where a smaller one passed the same tests in another run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from jevons.cut.waste import slices
from jevons.cut.waste.found import Found
from jevons.cut.waste.store import Store
from jevons.cut.waste.swap import energy_wh, least
from jevons.footprint import Overrides
from jevons.ledger.cells import Key, Sums


def find(store: Store, overrides: Overrides | None = None) -> Iterator[Found]:
    """Calls of tests that one model answered and that passed in every run in which another, which takes less for the
    same tokens, answered. Tests that call several models are left out: nobody knows which one matters."""
    if store.mode == "recorded":
        return
    # One model a test and run; a test of which an attempt with the other model failed has not passed with it.
    store.con.execute(
        "CREATE OR REPLACE TEMP TABLE single AS SELECT turn, part, test, min(answered_by) AS model FROM calls "
        "WHERE mode = 'live' AND ok AND kind IN ('chat', 'completion') AND test <> '' "
        "GROUP BY turn, part, test HAVING min(answered_by) = max(answered_by) AND min(provider) = max(provider)"
    )
    pairs = store.rows(
        "WITH passed AS (SELECT test, model, count(*) AS runs FROM single JOIN outcomes USING (turn, part, test) "
        "GROUP BY test, model HAVING bool_and(outcome = 'passed' AND attempts = 1)), "
        "now AS (SELECT DISTINCT test, model FROM single WHERE part = 'target') "
        "SELECT now.test, now.model, passed.model, passed.runs FROM now JOIN passed USING (test) "
        "WHERE now.model <> passed.model ORDER BY ALL"
    )
    if not pairs:
        return
    keys: dict[str, Key] = {}
    for row in store.rows(
        f"SELECT DISTINCT {slices.physics()} FROM calls WHERE mode = 'live' AND ok AND kind IN ('chat', 'completion')"  # noqa: S608
    ):
        key = slices.key_of(row)
        keys.setdefault(key.model, key)
    spent: dict[str, Sums] = {}
    for row in store.rows(
        f"SELECT answered_by, {slices.sums(store.wide)} FROM target WHERE ok GROUP BY answered_by"  # noqa: S608
    ):
        spent[row[0]] = slices.made(row[1:])
    choices: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
    for test, model, other, runs in pairs:
        choices[model].append((test, other, runs))
    moved: dict[str, str] = {}
    tests: set[str] = set()
    fewest = 0
    for model, options in choices.items():
        own = energy_wh(keys[model], spent[model], overrides)
        for other in sorted({other for _, other, _ in options}):
            best = least([keys[other]], spent[model], own, overrides)
            if best is None:
                continue
            store.swaps.append(best)
            able = {test: runs for test, to, runs in options if to == other and test not in tests}
            if not able:
                continue
            store.con.execute("CREATE OR REPLACE TEMP TABLE able (test VARCHAR)")
            store.con.executemany("INSERT INTO able VALUES (?)", [(test,) for test in able])
            store.mark(
                "models",
                "SELECT n FROM target JOIN single USING (turn, part, test) WHERE kind IN ('chat', 'completion') AND "  # noqa: S608
                f"single.model = '{model.replace(chr(39), chr(39) * 2)}' AND test IN (SELECT test FROM able)",
                len(store.swaps) - 1,
            )
            tests |= able.keys()
            moved[model] = other
            fewest = min([*able.values(), fewest or 10**9])
    if tests:
        yield Found(
            kind="models",
            what=f"{len(tests):,} tests that passed with a smaller model, each time, in {fewest:,} runs or more",
            do=[_asks(store, model, other) for model, other in moved.items()]
            + [f'model="{other}" in place of "{model}"' for model, other in moved.items()],
            why=f"passed {fewest:,} times is not always: the first line says how sure that is. Saving at the same "
            "tokens: another model may write more",
        )


def _asks(store: Store, model: str, other: str) -> str:
    """The command that says whether the other model is no worse, from the runs of this ledger."""
    named = [f'"{one}"' if " " in one else one for one in (store.ledger, model, other)]
    return "jevons cut --models {} --in-use {} --try {} --margin 0.02".format(*named)
