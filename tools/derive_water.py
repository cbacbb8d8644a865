"""Write grid_water.csv of `jevons.factors` from the published data in ../shared/data/factors.

    python tools/derive_water.py

L/kWh consumed (not withdrawn) to generate a place's electricity (EWIF): shares of the mix x water by fuel, for
three views of hydropower: without the evaporation of reservoirs, with all of it, and an interval over both.

Fuels: low = once-through cooling, value = cooling towers, high = towers' maxima, gas as steam plants
(MESSAGEix-Nexus). Hydropower, litres per kWh:

without  0
with     5.4, 17.0, 68.1: minimum, median, maximum of Macknick et al. 2012 (Environ. Res. Lett. 7, 045802, table 1:
         1,425, 4,491 and 18,000 gal/MWh), all evaporation charged to power. Norway, cold and deep: 7.0, from the
         6.66 L/kWh of WRI (Reig et al. 2020) for 2018, when 95.2 % was hydropower.
both     0, 0.9 (MESSAGEix-Nexus), 17.0
"""

from __future__ import annotations

from derive_common import CLOUD_NOTE, cloud, mixes, write

# low, value, high in litres per kWh; MESSAGEix-Nexus: once-through median, tower median, tower maximum
WATER_L_PER_KWH = {
    "coal": (0.5292, 2.0052, 4.3524),
    "gas": (0.378, 0.7956, 2.7648),  # combined cycle; high: steam plant with tower, median
    "oil": (1.098, 2.7648, 4.1652),
    "nuclear": (1.5156, 2.5164, 3.0456),
    "solar": (0.0, 0.0036, 0.0072),
    "wind": (0.0, 0.0, 0.0),
    "other_incl_bioenergy": (1.098, 2.7648, 4.1652),
}
HYDRO_L_PER_KWH = {
    "ewif": (0.0, 0.9, 17.0),
    "ewif_without_hydro": (0.0, 0.0, 0.0),
    "ewif_with_hydro": (5.4, 17.0, 68.1),
}
HYDRO_OF_PLACE = {"NOR": 7.0}
SCOPES = {
    "ewif": "consumed by generation; reservoir evaporation: none of it to all",
    "ewif_without_hydro": "consumed by generation; without reservoir evaporation",
    "ewif_with_hydro": "consumed by generation; with all reservoir evaporation",
}
HEAD = ["name", "place", "year", "scope", "value", "low", "high", "unit", "source", "note"]


def table() -> list[dict[str, object]]:
    found = []
    for name, hydro in HYDRO_L_PER_KWH.items():
        figures = {}
        for place, by_year in sorted(mixes().items()):
            year = max(by_year)
            share = by_year[year][0]
            middle = HYDRO_OF_PLACE.get(place, hydro[1]) if name == "ewif_with_hydro" else hydro[1]
            water = WATER_L_PER_KWH | {"hydro": (hydro[0], middle, hydro[2])}
            low, value, high = (sum(part * water[fuel][end] for fuel, part in share.items()) for end in range(3))
            figures[place] = low, value, high
            found.append({"name": name, "place": place, "year": year, "scope": SCOPES[name], "value": value,
                          "low": low, "high": high, "unit": "L/kWh", "source": "ewif",
                          "note": f"hydro share {share['hydro']:.0%}"})  # fmt: skip
        low, value, high = cloud(figures)
        found.append({"name": name, "place": "CLOUD", "year": max(mixes()["USA"]), "scope": SCOPES[name],
                      "value": value, "low": low, "high": high, "unit": "L/kWh", "source": "ewif",
                      "note": CLOUD_NOTE})  # fmt: skip
    return found


if __name__ == "__main__":
    write("grid_water.csv", HEAD, table())
