"""How the figures of a data centre or programme come about: a tree to named sources."""

from __future__ import annotations

from jevons.factors.sites import Indicator, Site, place_name
from jevons.footprint.derivation import Node
from jevons.report.bounds import PERCENT, USD, bounded, steps_of
from jevons.weigh.society.jobs import kept, per_promised_job


def derivation(site: Site) -> Node:
    """What is known of a site, each figure with its source, and the ratios above what they are made of."""

    def leaf(one: Indicator) -> Node:
        note = f"; {one.note}" if one.note else ""
        return Node(
            what=f"{one.name}, {one.year}: {bounded(one, steps_of(one), 4)}, {one.scope}{note}",
            source=f"{one.source}, {one.source_url}",
            licence=one.licence,
        )

    ratios = (
        ("subsidy per promised permanent job", per_promised_job(site), USD, ("subsidy_usd", "jobs_promised")),
        ("part of the promised jobs that were found", kept(site), PERCENT, ("jobs_found", "jobs_promised")),
    )
    made, told = [], []
    for what, ratio, steps, names in ratios:
        rests_on = [one for one in map(site.latest, names) if one is not None]
        if len(rests_on) == len(names):
            told += rests_on
            line = f"{what}: {bounded(ratio, steps)}"
            made.append(Node(what=line, formula=ratio.formula, children=[leaf(one) for one in rests_on]))
    rest = [leaf(one) for one in site.indicators if one not in told]
    return Node(what=f"{site.name}, {place_name(site)} ({site.kind})", children=made + rest)
