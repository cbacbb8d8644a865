"""Users' factor files: good ones win over the tables and are named; every fault is told with file, row and remedy."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jevons import factors
from jevons.factors import FactorFileError, load_user, quantities
from jevons.factors.user import COLUMNS

SHARED = Path(__file__).parents[3] / "shared" / "data" / "factors"
ROW = {
    "name": "grid", "place": "SE", "year": "2025", "value": "12.5", "low": "10", "high": "15", "unit": "gCO2e/kWh",
    "scope": "average, contract of ours", "source": "our meter", "source_url": "https://example.org", "licence": "ours",
    "note": "",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("factors")


def write(folder, *rows, name="ours.csv", columns=COLUMNS):
    made = io.StringIO(newline="")
    writer = csv.DictWriter(made, columns, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    path = folder / name
    path.write_text(made.getvalue(), encoding="utf-8", newline="")
    return path


def faults(*paths):
    with pytest.raises(FactorFileError) as raised:
        load_user(paths)
    return raised.value.faults


def test_a_row_of_the_user_wins_and_is_named(folder):
    path = write(folder, ROW)
    user = load_user([path])
    found = factors.intensity("eu-north-1", 2025, user)
    assert (found.value, found.low, found.high) == (12.5, 10, 15)
    assert found.source == f"our meter ({path}, row 2)"
    assert found.steps[0].startswith(f"{path}, row 2")
    assert "SWE" in found.steps[1]
    assert factors.intensity("DE", 2025, user) == factors.intensity("DE", 2025)
    assert hash(user) == hash(load_user([path]))
    assert user == load_user([path])


def test_the_nearer_place_wins_then_the_wider_then_everywhere(folder):
    rows = [
        ROW | {"place": place, "value": value, "low": "", "high": ""}
        for place, value in (("us-east-1", "1"), ("USA", "2"), ("NORTH_AMERICA", "3"), ("", "5"), ("DE-BY", "6"))
    ]
    user = load_user([write(folder, *rows)])
    for place, value in (("us-east-1", 1), ("us-east-2", 2), ("US-VA", 2), ("CA", 3), ("SE", 5), ("", 5), ("DE-BY", 6),
                         ("DE-NW", 5), (factors.CLOUD, 5)):  # fmt: skip
        found = factors.intensity(place, user=user)
        assert found.value == found.low == found.high == value, place


def test_years_of_the_user(folder):
    rows = [ROW | {"year": "2020"}, ROW | {"year": "2024", "value": "11"}, ROW | {"place": "DE", "year": ""}]
    user = load_user([write(folder, *rows)])
    assert factors.intensity("SE", user=user).value == 11
    assert factors.intensity("SE", 2021, user).steps[-1] == "no row for 2021: nearest year 2020"
    assert factors.intensity("DE", 2019, user).value == 12.5
    assert len(factors.intensity("DE", 2019, user).steps) == 2


def test_every_look_up_takes_the_user(folder):
    rows = []
    for quantity in quantities().values():
        value = f"{(quantity.least + quantity.most) / 2:g}"
        rows.append(ROW | {"name": quantity.name, "place": "", "unit": quantity.unit, "value": value, "low": "",
                           "high": "", "year": ""})  # fmt: skip
    user = load_user([write(folder, *rows)])
    made = [
        factors.intensity("SE", user=user), factors.marginal("SE", user=user), factors.market("SE", user),
        factors.marginal("SE", "build", user=user), factors.water("SE", user=user), factors.scarcity("SE", user=user),
        factors.water("SE", "with", user=user), factors.water("SE", "without", user=user),
        factors.pue("openai", user=user), factors.wue("", "us-east-1", user), factors.host(user), factors.idle(user),
    ]  # fmt: skip
    made += [factors.hardware(name, user) for name, quantity in quantities().items() if quantity.table == "hardware"]
    assert len(made) == len(quantities()) == len({found.name for found in made})
    for found in made:
        quantity = quantities()[found.name]
        assert found.value == pytest.approx((quantity.least + quantity.most) / 2, rel=1e-5)
        assert "ours.csv, row" in found.source
        assert factors.figure(found.name, "", None, user) == factors.figure(
            found.name, "SE" * bool(quantity.by), 2020, user
        )


def test_pue_of_region_then_provider_then_fleet_then_place(folder):
    rows = [
        ROW | {"name": "pue", "place": place, "unit": "1", "value": value, "low": "", "high": ""}
        for place, value in (("us-east-1", "1.1"), ("openai", "1.2"), ("azure", "1.3"), ("DE", "1.4"))
    ]
    user = load_user([write(folder, *rows)])
    for provider, region, value in (("openai", "us-east-1", 1.1), ("openai", "eastus", 1.2), ("openai", "", 1.2),
                                    ("azure.ai.openai", "", 1.3), ("", "westeurope", 1.3), ("", "eu-central-1", 1.4),
                                    ("gcp.gemini", "", 1.09)):  # fmt: skip
        assert factors.pue(provider, region, user).value == value, (provider, region)


def test_market_based_is_only_the_users(folder):
    assert factors.market("SE") is None
    user = load_user([write(folder, ROW | {"name": "grid_market"})])
    assert factors.market("SE", user).value == 12.5
    assert factors.market("DE", user) is None
    assert factors.intensity("SE", user=user) == factors.intensity("SE")


BROKEN = {
    "wrong unit": ({"unit": "kgCO2e/kWh"}, "convert it"),
    "negative": ({"value": "-1", "low": "-2"}, "is negative"),
    "low above high": ({"low": "15", "high": "10", "value": "12"}, "low 15 is above high 10"),
    "value outside": ({"value": "16"}, "not within 10 to 15"),
    "unknown place": ({"place": "atlantis"}, "place 'atlantis' is not known"),
    "unknown name": ({"name": "grit"}, "name 'grit' is not known"),
    "no source": ({"source": " "}, "no source"),
    "not a number": ({"value": "twelve"}, "is not a number"),
    "decimal comma": ({"value": "12,5"}, "is not a number"),
    "not finite": ({"high": "inf"}, "is not a number"),
    "NaN": ({"low": "nan"}, "is not a number"),
    "no value": ({"value": "", "low": "", "high": ""}, "is not a number"),
    "kilograms": ({"value": "41000", "low": "", "high": ""}, "check the unit"),
    "year": ({"year": "25"}, "year '25'"),
    "place of a constant": ({"name": "host", "unit": "1", "value": "2", "low": "", "high": ""}, "leave it empty"),
    "zero and more": ({"value": "0", "low": "0"}, "value 0 with high 15"),
}


@pytest.mark.parametrize("change", BROKEN)
def test_a_fault_is_told_with_file_row_reason_and_remedy(folder, change):
    cells, reason = BROKEN[change]
    path = write(folder, ROW, ROW | {"place": "NO"} | {"place": "FI"} | cells)
    found = faults(path)
    assert all(fault.startswith(f"{path}, row 3: ") for fault in found)
    assert any(reason in fault for fault in found)
    assert load_user([write(folder, ROW)])


def test_every_fault_of_every_file_is_told(folder):
    one = write(folder, ROW | {"unit": "g", "source": ""}, ROW, ROW | {"place": "mars"}, name="one.csv")
    two = write(folder, ROW | {"value": "x"}, ROW, name="two.csv")
    found = faults(one, two, folder / "three.csv")
    assert [fault.partition(": ")[0] for fault in found] == [
        f"{one}, row 2", f"{one}, row 2", f"{one}, row 4", f"{two}, row 2", f"{two}, row 3", str(folder / "three.csv"),
    ]  # fmt: skip
    assert f"the same name, place and year as {one}, row 3" in found[4]


@pytest.mark.parametrize("same", ["SWE", "se", "Sweden"])
def test_another_spelling_of_a_place_is_the_same_place(folder, same):
    assert "the same name, place and year" in faults(write(folder, ROW, ROW | {"place": same}))[0]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"name,place\xff", "not UTF-8"),
        (b"", "empty; begin with the columns"),
        (b"\n\n", "empty; begin with the columns"),
        (b"name;place;value\n", "no column name"),
        (b"PK\x03\x04\0\0", "not CSV"),
        (",".join(COLUMNS).encode() + b'\n"grid,SE\n', "not CSV"),
        (",".join(COLUMNS).encode() + b"\ngrid,SE\n", "2 cells under 12 columns"),
        (",".join((*COLUMNS, "colour")).encode() + b"\n", "column 'colour' is not known"),
        (",".join((*COLUMNS, "unit")).encode() + b"\n", "column unit twice"),
    ],
)
def test_what_is_no_factor_file(folder, data, reason):
    path = folder / "raw.csv"
    path.write_bytes(data)
    assert any(reason in fault and fault.startswith(str(path)) for fault in faults(path))


@pytest.mark.parametrize("missing", ["name", "place", "year", "value", "low", "high", "unit", "source"])
def test_a_missing_column_is_named(folder, missing):
    path = write(folder, ROW, columns=[name for name in COLUMNS if name != missing])
    assert faults(path)[0].startswith(f"{path}, row 1: no column {missing}; add it")


def test_rows_are_counted_as_a_sheet_does(folder):
    path = folder / "sheet.csv"
    cells = [ROW | {"note": "two\nlines"}, ROW | {"place": "DE", "unit": "g"}]
    lines = write(folder, *cells).read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("\ufeff" + lines[0] + ",,,,,,,,,,,\n" + "".join(lines[1:]), encoding="utf-8", newline="")
    assert faults(path)[0].startswith(f"{path}, row 4: unit 'g'")


@st.composite
def figures(draw):
    quantity = draw(st.sampled_from(list(quantities().values())))
    ends = st.floats(quantity.least, quantity.most, allow_subnormal=False)
    low, value, high = sorted(draw(st.lists(ends, min_size=3, max_size=3)))
    if value == 0:
        low = high = 0.0
    place = draw(st.sampled_from(["", "SE", "DEU", "us-east-1", "EUROPE", "CLOUD", "world"])) if quantity.by else ""
    text = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20).map(str.strip)
    year = draw(st.sampled_from(["", "2019", "2025"]))
    return {
        "name": quantity.name, "place": place, "year": year, "unit": quantity.unit,
        "value": repr(value), "low": repr(low), "high": repr(high), "scope": draw(text), "source": draw(text) or "s",
        "source_url": draw(text), "licence": draw(text), "note": draw(text),
    }  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(figures(), min_size=1, max_size=8, unique_by=lambda row: (row["name"], row["place"], row["year"])))
def test_a_good_file_comes_back_as_written(folder, rows):
    user = load_user([write(folder, *rows)])
    assert len(user.rows) == len(rows)
    for number, (row, kept) in enumerate(zip(rows, user.rows, strict=True), 2):
        found = kept.factor
        assert kept.where.endswith(f", row {number}")
        assert (repr(found.value), repr(found.low), repr(found.high)) == (row["value"], row["low"], row["high"])
        assert (found.name, found.unit, found.note) == (row["name"], row["unit"], row["note"])
        assert found.source.startswith(row["source"])
        assert found.year == int(row["year"] or 0)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(figures(), min_size=1, max_size=5, unique_by=lambda row: (row["name"], row["place"], row["year"])),
    st.data(),
)
def test_one_change_for_the_worse_is_refused_with_its_row(folder, rows, data):
    number = data.draw(st.integers(0, len(rows) - 1))
    row = rows[number]
    top = max(1.0, float(row["high"]))
    worse = data.draw(st.sampled_from([
        {"unit": row["unit"] + "s"}, {"low": "-1"}, {"low": repr(top * 2)}, {"value": repr(top * 2)}, {"source": ""},
        {"place": "nowhere-1-x"}, {"name": row["name"] + "x"}, {"value": "1 2"}, {"high": "nan"}, {"value": "-inf"},
    ]))  # fmt: skip
    found = faults(write(folder, *rows[:number], row | worse, *rows[number + 1 :]))
    assert all(f"ours.csv, row {number + 2}: " in fault for fault in found)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(folder, data):
    path = folder / "bytes.csv"
    path.write_bytes(data)
    assert all(fault.startswith(str(path)) for fault in faults(path))  # no bytes of chance are a head


@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/data is not here: it holds the operating margins of IFI")
def test_sweden_by_average_and_by_the_operating_margin_of_ifi(folder):
    with (SHARED / "grid_intensity.csv").open(encoding="utf-8", newline="") as file:
        rows = [
            ROW | {"name": "grid_operating", "place": row["zone"], "year": row["year"], "value": row["gco2e_per_kwh"],
                   "low": "", "high": "", "scope": f"{row['metric']}, {row['scope']}", "source": row["source_title"],
                   "source_url": row["source_url"], "licence": row["licence"]}
            for row in csv.DictReader(file)
            if row["source_title"].startswith("IFI") and row["metric"] == "marginal: operating margin"
            and len(row["iso3"]) == 3 and "(" not in row["zone_name"]  # islands under the code of another place
        ]  # fmt: skip
    user = load_user([write(folder, *rows, name="ifi.csv")])
    average, margin = factors.intensity("SE", user=user), factors.marginal("SE", user=user)
    assert (average.value, average.year) == (35.26, 2025)
    assert (margin.value, margin.year) == (68, 2021)
    assert "Ember" in average.source
    assert "IFI" in margin.source
    assert "ifi.csv, row" in margin.source
    assert "average" in average.scope
    assert "operating margin" in margin.scope
