"""Who asked the same before: for each successful call, the last call before it with the same request or meaning.

One definition with `jevons.ledger.repeats`: calls of one mode that succeeded and whose request hash is not empty; here
the calls of earlier runs count, too. Same request implies same meaning (`jevons.wire.fingerprint`), so that one pass
finds both. Time, then place in the source, is the order within a run.
"""

from __future__ import annotations

from jevons.cut.waste.store import Store


def find(store: Store) -> None:
    """Make the table ``asked``: calls looked at that were asked before, in this run or an earlier one.

    Columns: ``n``, ``exact`` and ``meaning`` (whether anyone before asked the same), ``exact_same_run``,
    ``same_asker`` (it was the same test; of recordings, the same file).
    """
    asker = "source" if store.mode == "recorded" else "test"
    looked = f"mode = '{store.mode}' AND ok AND request_hash <> '' AND part <> 'recording'"
    store.con.execute(
        "CREATE TEMP TABLE hashes AS SELECT n, hash(request_hash) AS exact, "  # noqa: S608
        "hash(CASE WHEN meaning_hash = '' THEN request_hash ELSE meaning_hash END) AS meaning "
        f"FROM calls WHERE {looked}"
    )
    # Most requests are asked once: what is asked more often is found first, and only that is put in order.
    store.con.execute(
        "CREATE TEMP TABLE several AS SELECT n, exact, meaning FROM hashes WHERE meaning IN "
        "(SELECT meaning FROM hashes GROUP BY meaning HAVING count(*) > 1)"
    )
    store.con.execute("DROP TABLE hashes")
    # Of live calls all that counts is when they began: no text is put in order then.
    source = "source" if store.mode == "recorded" else "0"
    order = f"ORDER BY turn, started_us, {'source, ' if store.mode == 'recorded' else ''}place, n"
    store.con.execute(
        "CREATE TEMP TABLE ordered AS SELECT n, meaning, turn, part, started_us, source, place, "  # noqa: S608
        "lag(turn) OVER same AS exact_turn, coalesce(lag(asker) OVER same = asker, false) AS same_asker "
        f"FROM (SELECT n, exact, meaning, turn, part, hash({asker}) AS asker, started_us, "
        f'{source} AS source, "index" AS place '
        f"FROM several JOIN calls USING (n)) WINDOW same AS (PARTITION BY meaning, exact {order})"
    )
    store.con.execute("DROP TABLE several")
    # What is no exact repeat is its request's first; it is a repeat by meaning unless it is the first of that, too.
    firsts = "SELECT * FROM ordered WHERE exact_turn IS NULL"
    alike = f"SELECT meaning FROM ({firsts}) GROUP BY meaning HAVING count(*) > 1"  # noqa: S608
    store.con.execute(
        "CREATE TEMP TABLE asked AS SELECT n, true AS exact, true AS meaning, exact_turn = turn AS exact_same_run, "  # noqa: S608
        "exact_turn = turn AND same_asker AS same_asker FROM ordered WHERE part = 'target' AND exact_turn IS NOT NULL "
        "UNION ALL SELECT n, false, true, false, false FROM (SELECT n, part, row_number() OVER "
        f"(PARTITION BY meaning {order}) AS nth FROM ({firsts}) WHERE meaning IN ({alike})) "
        "WHERE part = 'target' AND nth > 1"
    )
    store.con.execute("DROP TABLE ordered")
