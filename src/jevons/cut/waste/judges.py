"""Judges that take more energy than what they judge."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from jevons.cut.waste import slices
from jevons.cut.waste.found import Found
from jevons.cut.waste.kinds import BIT
from jevons.cut.waste.store import Store
from jevons.cut.waste.swap import energy_wh, least
from jevons.footprint import Overrides
from jevons.ledger.cells import Key, Sums


def find(store: Store, overrides: Overrides | None = None) -> Iterator[Found]:
    """Judge calls of tests whose judge takes more than the calls judged; moved to a model that the suite calls already
    and that takes less, where there is one."""
    if not store.one("SELECT count(*) FROM target WHERE role = 'judge'"):
        return
    both = (
        "SELECT test FROM target GROUP BY test "
        "HAVING count(*) FILTER (role = 'judge') > 0 AND count(*) FILTER (role = 'product') > 0"
    )
    rows = store.rows(
        f"SELECT {slices.physics()}, test, role, {slices.sums(store.wide)} FROM target "  # noqa: S608
        f"WHERE role IN ('judge', 'product') AND test IN ({both}) GROUP BY kind, provider, host_class, answered_by, "
        "region, mode, usage, status_class, period, test, role ORDER BY ALL"
    )
    rates: dict[tuple[Key, str], dict[str, Sums]] = defaultdict(dict)
    energy: dict[str, dict[str, float]] = defaultdict(lambda: {"judge": 0.0, "product": 0.0})
    judges: dict[Key, Sums] = defaultdict(Sums)
    products: set[Key] = set()
    for row in rows:
        key, (test, role), of = slices.key_of(row), row[9:11], slices.made(row[11:])
        energy[test][role] += energy_wh(key, of, overrides)
        rates[key, role][test] = of
        if role == "product" and key.status == "2xx" and key.kind == "chat":
            products.add(key)
    heavy = {test for test, of in energy.items() if of["judge"] > of["product"]}
    if not heavy:
        return
    for (key, role), tests in rates.items():
        for test, of in tests.items():
            if role == "judge" and test in heavy:
                judges[key].merge(of)
    store.con.execute("CREATE OR REPLACE TEMP TABLE heavy (test VARCHAR)")
    store.con.executemany("INSERT INTO heavy VALUES (?)", [(test,) for test in sorted(heavy)])
    to: dict[str, str] = {}
    for key, of in judges.items():
        best = least((one for one in products if one.kind == key.kind), of, energy_wh(key, of, overrides), overrides)
        swap = "NULL"
        if best is not None:
            store.swaps.append(best)
            swap, to[key.model] = str(len(store.swaps) - 1), best.model
        model, provider = key.model.replace("'", "''"), key.provider.replace("'", "''")
        store.mark(
            "judges",
            "SELECT DISTINCT n FROM target WHERE role = 'judge' AND test IN (SELECT test FROM heavy) "  # noqa: S608
            f"AND answered_by = '{model}' AND provider = '{provider}' AND n NOT IN (SELECT n FROM marks WHERE bit = "
            f"{BIT['judges']})",
            swap,
        )
    share = sum(energy[test]["judge"] for test in heavy) / sum(sum(energy[test].values()) for test in heavy)
    swapped = ", ".join(f"{model} by {other}" for model, other in to.items())
    yield Found(
        kind="judges",
        what=f"judges that take more than what they judge: {share:.0%} of the energy of {len(heavy):,} tests",
        do=[f"replace {swapped}, which these tests call already" if to else "try a smaller model as judge"],
        why="another judge is another yardstick: compare their verdicts on answers that you know. Saving at the same "
        "tokens: another model may write more",
    )
