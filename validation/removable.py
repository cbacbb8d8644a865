"""Share of the footprint of recorded suites that need not be: neutral, and with a check.

    python validation/removable.py [FOLDER of .tar.zst]

Each archive is scanned into a ledger of its own and goes through the finder of `jevons cut`: what asking each thing
once, and a provider's prompt cache, would leave out when the suite is recorded anew. The suites are not part of the
project (see the README of the folder).
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from jevons.cut.waste import Plan, Store, plan
from jevons.cut.waste.plan import Saving
from jevons.ledger.home import Home
from jevons.ledger.read import runs
from jevons.ledger.spans import pick
from jevons.ledger.spool import Spool
from jevons.record import Run
from jevons.report.numbers import digits, percent
from jevons.sources import scan
from jevons.sources.calls import Options

SUITES = Path(__file__).parents[2] / "shared" / "data" / "suites"


def planned(archive: Path) -> Plan:
    """The plan for one archive."""
    run = Run(id="20261101T000000-0001-scan-0123456789ab", started_us=1, ended_us=2)
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / ".jevons")
        spool = Spool(home, run.id)
        spool(run)
        scan([archive], Options(run.id, "k", b"secret", True), root=archive.parent, sink=spool)
        spool.close()
        known = runs(home)
        with Store([home], pick(known, "latest"), known) as store:
            return plan(store)


def row(name: str, made: Plan) -> str:
    """A line of the table: calls, then parts of calls and of carbon."""
    levels = {one.risk: one.saves for one in made.together}
    neutral = levels.get("neutral")
    check = levels.get("check", neutral)
    repeats = f"{percent(made.repeats / made.calls)} | {percent(made.same_meaning / made.calls)}"
    return f"| {name} | {made.calls:,} | {repeats} | {_part(neutral)} | {_part(check)} |"


def _part(one: Saving | None) -> str:
    if one is None or one.carbon is None:
        return "0 %" if one is None else "no figure"
    low, high = (digits(100 * end) for end in (one.carbon.low, one.carbon.high))
    return percent(one.carbon.mid) + (f" ({low} to {high})" if low != high else "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=SUITES)
    archives = sorted(parser.parse_args().folder.glob("*.tar.zst"))
    if not archives:
        print("no .tar.zst there: nothing to show")
        return
    print("### Share of footprint removable\n")
    print("| suite | calls | asked before, word for word | or in meaning | carbon, neutral | carbon, with a check |")
    print("|---|--:|--:|--:|--:|--:|")
    for archive in archives:
        print(row(archive.name.removesuffix(".tar.zst").replace("+", "/"), planned(archive)), flush=True)


if __name__ == "__main__":
    main()
