"""Write scarcity.csv of `jevons.factors`: water scarcity by country and US state (AWARE 2.0).

    python tools/derive_scarcity.py

Non-agricultural use, annual; low and high are the least and the most scarce month. Figures as published (CC BY 4.0),
rearranged only; the world is the plain mean of its months.
"""

from __future__ import annotations

from derive_common import CLOUD_NOTE, FIGURES, TABLES, cloud, rows, write

YEAR = 2019
"""Consumption is that of 2019, availability the mean of 1990 to 2019."""
SCOPE = "AWARE, non-agricultural, annual; per m3 consumed"


def table() -> list[dict[str, object]]:
    places = list(rows("places.csv", TABLES))
    of_iso2 = {place["iso2"]: place["place"] for place in places if place["iso2"]} | {"GLO": "WORLD"}
    known = {place["place"] for place in places}
    found: dict[str, tuple[float, float, float]] = {}
    for row in rows("water_scarcity.csv"):
        if not row["version"].startswith("AWARE 2.0") or not row["cf_nonagri_annual"]:
            continue
        # A country with disputed borders has two rows: that of its ISO code wins.
        of_country = row["iso3"] in known
        place = row["iso3"] if of_country else of_iso2.get(row["zone"], row["zone"])
        if place in known and (of_country or place not in found):
            months = [float(cell) for name, cell in row.items() if name.startswith("nonagri_") and cell]
            found[place] = min(months), float(row["cf_nonagri_annual"]), max(months)
    made = [figure(place, bounds) for place, bounds in sorted(found.items())]
    return [*made, figure("CLOUD", cloud(found)) | {"note": CLOUD_NOTE}]


def figure(place: str, bounds: tuple[float, float, float]) -> dict[str, object]:
    low, value, high = bounds
    return {"place": place, "year": YEAR, "scope": SCOPE, "value": value, "low": low, "high": high,
            "unit": "m3 world eq/m3", "source": "aware", "note": "bounds: least and most scarce month"}  # fmt: skip


if __name__ == "__main__":
    write("scarcity.csv", FIGURES, table())
