"""Sites, programmes, operators: every row sourced, in its unit and bounds; users' files win, or every fault is told."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jevons.factors import FactorFileError, table
from jevons.factors.places import exact, key
from jevons.factors.providers import PROVIDERS
from jevons.factors.sites import KINDS, bounds, kinds, shipped
from jevons.factors.user_sites import COLUMNS, load_sites

SHARED = Path(__file__).parents[3] / "shared" / "data" / "factors"
ROW = {
    "site": "Our hall", "kind": "site", "operator": "us", "serves": "openai", "place": "SE", "indicator": "ai_share",
    "year": "2025", "value": "0.2", "low": "0.1", "high": "0.3", "unit": "1", "scope": "of its electricity",
    "source": "our meter", "source_url": "https://example.org", "licence": "ours", "note": "",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("sites")


def write(folder, *rows, columns=COLUMNS):
    made = io.StringIO(newline="")
    writer = csv.DictWriter(made, columns, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    path = folder / "ours.csv"
    path.write_text(made.getvalue(), encoding="utf-8", newline="")
    return path


def faults(*paths):
    with pytest.raises(FactorFileError) as raised:
        load_sites(paths)
    return raised.value.faults


def site(name, sites=None):
    return next(one for one in sites or shipped() if one.name == name)


def test_every_row_has_its_unit_bounds_in_order_a_source_and_a_known_place():
    rows = table.rows("sites")
    assert len({(row["site"], row["indicator"], row["year"]) for row in rows}) == len(rows) > 60
    for row in rows:
        kind = kinds()[row["indicator"]]
        assert row["unit"] == kind.unit
        told = [end for end in bounds(row) if end is not None]
        assert told == sorted(told), row
        assert all(kind.least <= end <= kind.most for end in told), row
        assert told or row["note"] or row["indicator"] == "jobs_found", row  # why it is not known
        assert row["kind"] in KINDS
        assert set(row["serves"].split()) <= PROVIDERS
        assert key(row["place"]) == row["place"]
        assert row["scope"]
        of = table.source(row["source"])
        assert of.title and of.licence and of.url.startswith("http")  # noqa: PT018
        assert 2000 <= int(row["year"]) <= 2026
    for one in {row["site"]: row for row in rows}.values():
        alike = {
            (row["kind"], row["operator"], row["serves"], row["place"]) for row in rows if row["site"] == one["site"]
        }
        assert len(alike) == 1, one


def test_what_is_published_of_places_is_sourced():
    for row in table.rows("served"):
        assert row["provider"] in PROVIDERS
        assert all(zone in table.index("places", "place") for zone in row["places"].split())
        assert row["note"]
        assert table.source(row["source"]).licence


def test_indicators_have_bounds_that_hold_something():
    for kind in kinds().values():
        assert 0 <= kind.least < kind.most
        assert kind.what
    assert {one.name for every in shipped() for one in every.indicators} == set(kinds())


def test_unknown_is_neither_zero_nor_left_out():
    hyperion = site("Meta Hyperion").latest("subsidy_usd")
    assert hyperion is not None
    assert not hyperion.known
    assert (hyperion.low, hyperion.value, hyperion.high) == (None, None, None)
    google = site("Google").latest("ai_share")  # the later row says that it is unknown: the earlier bound is the latest
    assert (google.low, google.value, google.high, google.year) == (None, None, 0.15, 2021)


@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/data is not here: the table cannot be compared with it")
def test_the_table_carries_the_collected_figures():
    with (SHARED / "society.csv").open(encoding="utf-8", newline="") as file:
        collected = {row["facility_or_programme"]: row for row in csv.DictReader(file)}
    pairs = {
        "Apple Maiden": "Apple Maiden",
        "Apple Waukee": "Apple Waukee (two data centres)",
        "Yahoo Lockport": "Yahoo Lockport (phases 1-2)",
        "STAMP, Stream": "STAMP: Stream U.S. Data Centers (second proposal)",
        "AWS New Carlisle": "AWS New Carlisle (Project Rainier campus): county package",
        "AWS Madison County": "AWS Madison County (Project Atlas)",
    }
    for ours, theirs in pairs.items():
        row, one = collected[theirs], site(ours)
        assert one.latest("subsidy_usd").value == float(row["subsidy_usd"])
        if "promised" in row["jobs_basis"] or row["jobs_basis"] == "permanent":
            assert one.latest("jobs_promised").value == float(row["jobs"])
    for ours, theirs in (("Micron, Syracuse (chips)", "Comparator: Micron Syracuse"),
                         ("Tesla, Buffalo (solar)", "Comparator: Tesla Buffalo plant")):  # fmt: skip
        told = site(ours).latest("subsidy_usd_per_job").value
        assert told == pytest.approx(float(collected[theirs]["subsidy_per_job_usd"]), rel=1e-3)


def test_a_site_of_the_user_stands_beside_the_products(folder):
    path = write(
        folder, ROW, ROW | {"indicator": "energy_twh", "unit": "TWh/year", "value": "2", "low": "", "high": ""}
    )
    sites = load_sites([path])
    ours = site("Our hall", sites)
    assert (ours.place, ours.serves, ours.kind) == ("SWE", ("openai",), "site")
    share, energy = ours.latest("ai_share"), ours.latest("energy_twh")
    assert (share.low, share.value, share.high) == (0.1, 0.2, 0.3)
    assert share.source == f"our meter ({path}, row 2)"
    assert energy.low == energy.value == energy.high == 2  # a value without bounds is exact
    assert sites[: len(shipped())] == shipped()
    assert load_sites([]) == shipped()


def test_a_row_of_the_user_replaces_an_indicator_and_leaves_the_others(folder):
    row = {"site": "Google", "kind": "operator", "place": "WORLD", "operator": "", "serves": "", "value": "0.4"}
    after = site("Google", load_sites([write(folder, ROW | row | {"low": "", "high": "0.5"})]))
    assert [(one.year, one.value, one.high) for one in after.series("ai_share")] == [(2025, 0.4, 0.5)]
    assert after.series("energy_twh") == site("Google").series("energy_twh")
    assert after.serves == site("Google").serves


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"indicator": "score"}, "indicator 'score' is not known"),
        ({"unit": "percent"}, "unit 'percent'; ai_share is in '1': convert it"),
        ({"value": "20", "high": "30"}, "ai_share lies in 0 to 1 1: check the unit"),
        ({"low": "0.4"}, "put them in order"),
        ({"value": "many"}, "value 'many' is not a number"),
        ({"value": "1_0"}, "is not a number"),
        ({"source": ""}, "no source"),
        ({"year": ""}, "no year"),
        ({"year": "25"}, "year '25'"),
        ({"place": "Atlantis"}, "place 'Atlantis' is not known"),
        ({"kind": "moon base"}, "kind 'moon base'"),
        ({"serves": "closedai"}, "serves 'closedai'"),
        ({"site": ""}, "no site"),
        ({"site": "Google"}, "kind 'site', but 'operator' in tables/sites.csv"),
    ],
)
def test_a_fault_names_file_row_and_remedy(folder, change, said):
    path = write(folder, ROW, ROW | {"year": "2024"} | change)
    found = faults(path)
    assert found[0].startswith(f"{path}, row 3: ")
    assert any(said in fault for fault in found)


def test_every_fault_of_every_file_is_told(folder):
    path = write(folder, ROW, ROW, ROW | {"year": "2024", "unit": "", "source": ""})
    told = faults(path, folder / "none.csv")
    assert [fault.partition(": ")[0] for fault in told] == [f"{path}, row {row}" for row in (3, 4, 4)] + [
        str(folder / "none.csv")
    ]
    assert "row 2; keep one" in told[0]
    assert "no column site" in " ".join(faults(write(folder, ROW, columns=COLUMNS[1:])))


CELL = st.one_of(st.sampled_from([*ROW.values(), "", "site", "USD", "0", "1", "-1", "nan", "inf", "1e999", "US-VA"]),
                 st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12))  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.lists(st.fixed_dictionaries(dict.fromkeys(COLUMNS, CELL)), min_size=1, max_size=3))
def test_any_file_is_read_or_its_rows_are_told(folder, rows):
    path = write(folder, *rows)
    try:
        sites = load_sites([path])
    except FactorFileError as error:
        told = error.faults
        sites = ()
    else:
        told = ()
    assert bool(told) != bool(sites)
    assert all(fault.startswith(str(path)) for fault in told)
    for one in sites:
        assert one.kind in KINDS
        assert exact(one.place) == one.place or one.place in table.index("places", "place")
        for figure in one.indicators:
            told = [end for end in (figure.low, figure.value, figure.high) if end is not None]
            assert told == sorted(told)
