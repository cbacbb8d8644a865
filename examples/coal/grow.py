"""Jevons' tables of coal by the product's own functions: what was added, and how fast it grew, as for fifty years."""

import csv
import math
from itertools import groupby, pairwise
from pathlib import Path

from jevons.weigh.rebound import growth, increment

with open(Path(__file__).with_name("coal.csv"), encoding="utf-8", newline="") as file:
    table = list(csv.DictReader(file))

print("                         as for fifty years")
print("                         tons added    printed growth printed a year doubles in")
for series, rows in groupby(table, lambda row: row["series"]):
    for before, after in pairwise(rows):
        years = int(after["year"]) - int(before["year"])
        tons = int(before["tons"]), int(after["tons"])
        yearly = growth(*tons, years, 1)
        doubles = math.log(2) / math.log1p(yearly)
        print(
            f"{series:<14} {before['year']}-{after['year']} {increment(*tons, years, 50):>10,.0f} "
            f"{int(after['increase_per_50_years_tons']):>10,} {growth(*tons, years, 50):>6.0%} "
            f"{after['rate_per_50_years_percent'] + '%':>7} {yearly:>6.2%} {doubles:>4.0f} years"
        )
print("rebound: not shown, as no column says what the coal did: its gain is not known")
