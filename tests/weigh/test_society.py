"""Where calls ran and what stands beside: parts add up, unknown is never zero, ratios are those of their sources."""

from __future__ import annotations

import sys
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jevons import factors
from jevons.factors.sites import Indicator, Site, shipped
from jevons.footprint.account import account, priced, total
from jevons.footprint.figures import Figures
from jevons.ledger.cells import cells
from jevons.ledger.recorded import Recorded, of_calls
from jevons.record import Call, Run
from jevons.weigh.society.deals import Deal
from jevons.weigh.society.jobs import kept, per_promised_job
from jevons.weigh.society.places import SCARCER, Society, places
from jevons.weigh.society.share import shares
from jevons.weigh.society.where import STATUSES, where

MODELS = {"openai": "gpt-4o-mini", "anthropic": "claude-haiku-4-5", "aws.bedrock": "claude-haiku-4-5",
          "gcp.vertex_ai": "gemini-2.5-flash", "deepseek": "deepseek-chat", "ollama": "llama3.1:8b"}  # fmt: skip
WHERES = [("openai", ""), ("openai", "eu"), ("openai", "nowhere-1"), ("anthropic", ""), ("anthropic", "us"),
          ("aws.bedrock", "us-east-1"), ("gcp.vertex_ai", "europe-southwest1"), ("deepseek", "")]  # fmt: skip


def call(number: int = 0, provider: str = "openai", region: str = "", **fields: Any) -> Call:
    told = {
        "id": str(number), "run": "r", "provider": provider, "region": region, "model": MODELS.get(provider, "gpt-4o"),
        "usage": "reported", "status": 200, "input_tokens": 600, "output_tokens": 150,
        "started_us": 1_790_000_000_000_000,
    }  # fmt: skip
    return Call(**(told | fields))


def run(*calls: Call, place: str = "") -> list[Recorded]:
    return [of_calls(Run(id="r", project="p", place=place), calls)]


def status(one: Call, place: str = "") -> tuple[str, str]:
    found = where(account(cells([one]), place=place)[0])
    return found.status, found.place


@pytest.mark.parametrize(
    ("one", "place", "expected"),
    [
        (call(region="eu"), "", ("known", "eu")),
        (call(provider="aws.bedrock", region="us-east-1"), "", ("known", "us-east-1")),
        (call(provider="aws.bedrock", region="us-west-2", model="us.anthropic.claude-x"), "", ("assumed", "us-west-2")),
        (call(provider="aws.bedrock", region="us-west-2", model="global.anthropic.x"), "", ("unknown", "us-west-2")),
        (call(), "", ("assumed", factors.CLOUD)),
        (call(provider="deepseek"), "", ("assumed", "CHN")),
        (call(provider="anthropic"), "", ("unknown", factors.CLOUD)),
        (call(provider="anthropic", region="mars-north-1"), "", ("unknown", factors.CLOUD)),
        (call(provider="together"), "", ("unknown", factors.CLOUD)),
        (call(provider="ollama", host_class="loopback"), "SE", ("known", "SE")),
        (call(provider="ollama", host_class="loopback"), "", ("unknown", "")),
        (call(provider="unknown", host_class="private"), "eu-north-1", ("known", "eu-north-1")),
        (call(provider="unknown", host_class="loopback", model="gpt-4o"), "SE", ("unknown", factors.CLOUD)),
    ],
)
def test_a_place_is_known_assumed_or_unknown(one: Call, place: str, expected: tuple[str, str]) -> None:
    assert status(one, place) == expected


def test_what_is_assumed_or_unknown_says_why_and_by_which_document() -> None:
    found = {one.name: one for one in places(run(call(1), call(2, "anthropic"))).places}
    openai, anthropic = found["where openai serves"], found["a cloud of anthropic"]
    assert openai.areas == ("USA", "EU27", "AUS", "IND", "JPN")
    assert "United States" in openai.why
    assert "openai.com" in openai.source
    assert "any geography" in anthropic.why
    assert "claude.com" in anthropic.source


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(WHERES), min_size=1, max_size=12))
def test_parts_add_up_to_the_whole(drawn: list[tuple[str, str]]) -> None:
    runs = run(*(call(number, *one, output_tokens=10 + number) for number, one in enumerate(drawn)))
    made = places(runs)
    whole = total([one for found in priced(runs) for one in found]).live.figures
    for parts in (made.by_status, made.places):
        assert sum(one.calls for one in parts) == made.calls == len(drawn)
        assert sum(one.calls_share for one in parts) == pytest.approx(1, abs=1e-12)
        told = [one.energy_wh for one in parts if one.energy_wh]
        assert sum(one.mid for one in told) == pytest.approx(whole.energy_wh.mid, rel=1e-9)
        between = [one.energy_share for one in parts if one.energy_share]
        assert sum(one.mid for one in between) == pytest.approx(1, abs=1e-9)
        assert all(0 <= one.low <= one.mid <= one.high <= 1 for one in between)
    assert [one.name for one in made.by_status] == list(STATUSES)
    assert sum(one.providers[name] for one in made.places for name in one.providers) == len(drawn)
    water = [made.scarcer[answer] for answer in SCARCER]
    assert sum(one.water_l.mid for one in water) == pytest.approx(whole.water_l.mid, rel=1e-9)
    for one in water:
        assert one.site_l.mid + one.power_l.mid == pytest.approx(one.water_l.mid, rel=1e-9)


def test_unknown_tokens_are_no_zero() -> None:
    one = call(1, "anthropic", "us", usage="unknown", input_tokens=None, output_tokens=None)
    made = places(run(one))
    place = made.places[0]
    assert (place.calls, place.coverage) == (1, 0)
    assert place.energy_wh is place.energy_share is place.water is place.weighted_l is None
    assert made.by_status[0].energy_wh is None
    assert made.by_status[1].calls == 0
    assert made.by_status[1].energy_wh is not None  # none at all is nothing
    for deal in made.deals:
        assert not any(part.of_all.known or part.of_ai.known for part in deal.parts)
    half = places(run(one, call(2, "anthropic", "us")))
    world = deal_of(half, "All data centres of the world").parts[0]
    assert world.of_all.low > 0
    assert world.of_all.value is world.of_all.high is None  # at least


def test_replayed_and_mocked_calls_ran_nowhere() -> None:
    made = places(run(call(1), call(2, mode="replayed"), call(3, mode="mocked"), call(4, mode="recorded")))
    assert (made.mode, made.calls) == ("live", 1)
    assert made.elsewhere == {"mocked": 1, "recorded": 1, "replayed": 1}
    assert places(run(call(4, mode="recorded"))).mode == "recorded"


@pytest.mark.parametrize(
    ("region", "answer"),
    [
        ("westus3", "yes"),  # Arizona, 99 in every month; the world 18
        ("eu-south-2", "part of the year"),  # Spain, 8 to 69
        ("us-east-1", "no"),  # Virginia, 0.6 to 3.1
        ("us", "unknown"),  # its states differ
        ("eu", "unknown"),  # no figure of its own
    ],
)
def test_scarcity_is_answered_for_the_place_alone(region: str, answer: str) -> None:
    made = places(run(call(region=region)))
    assert made.places[0].scarcer == answer
    assert made.scarcer[answer].water_l == made.places[0].water.water_l
    assert sum(one.water_l.high for one in made.scarcer.values()) == made.scarcer[answer].water_l.high


def test_water_is_weighted_by_the_scarcity_of_its_place() -> None:
    one = places(run(call(region="westus3"))).places[0]
    assert one.weighted_l.mid == pytest.approx(one.water.water_l.mid * factors.scarcity("US-AZ").value)
    local = places(run(call(1, "ollama", host_class="loopback"), place="SE")).places[0]
    assert local.water.site_l.high == 0  # a machine of one's own takes none on site
    assert local.water.power_l == local.water.water_l


def test_a_share_is_of_the_energy_that_calls_took() -> None:
    calls = [call(number, region=region) for number, region in enumerate(("us-east-1", "us-east-1", "eu-west-1"))]
    made = places(run(*calls))
    assert made.by_status[0].energy_share.ends == (1, 1, 1)
    one, two = (found.energy_share for found in made.places)
    assert (one.mid, two.mid) == pytest.approx((2 / 3, 1 / 3), rel=1e-6)  # same model, same fleet


def test_what_parts_rest_on_in_common_cancels_and_without_numpy_shares_are_wider(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("scipy", reason="draws need the extra report")
    parts = []
    for region in ("us-east-1", "eu-west-1", "eu-north-1"):
        figures = Figures()
        for one in account(cells([call(1, region=region)])):
            figures.add(one.figures)
        parts.append(figures)
    drawn = shares(parts)
    monkeypatch.setitem(sys.modules, "jevons.footprint.uncertainty", None)
    plain = shares(parts)
    for one, wide in zip(drawn, plain, strict=True):
        assert wide.mid == one.mid
        assert wide.low < one.low
        assert one.high < wide.high <= 1
    assert shares([Figures(), Figures()]) == [None, None]


PUBLISHED = {  # USD per promised permanent job, as each source states or as its figures give
    "Apple Maiden": 6.4e6, "Apple Waukee": 4.16e6, "STAMP, Stream": 6.4e6, "AWS New Carlisle": 1.9e6,
    "11 US data-centre deals": 1.95e6, "240 US deals of any kind": 456e3, "Micron, Syracuse (chips)": 736e3,
    "Tesla, Buffalo (solar)": 586e3,
}  # fmt: skip


def test_subsidy_per_promised_job_is_what_the_sources_say() -> None:
    by = {one.name: one for one in shipped()}
    for name, usd in PUBLISHED.items():
        assert per_promised_job(by[name]).value == pytest.approx(usd, rel=2e-3), name
    assert per_promised_job(by["AWS New Carlisle"]).high is None  # at least: tax exemptions are not in it
    for name in ("Meta Hyperion", "Stargate Abilene", "Google"):
        assert not per_promised_job(by[name]).known


def test_jobs_of_a_model_are_never_divided_by() -> None:
    modelled = [one for one in shipped() if one.series("jobs_modelled")]
    assert len(modelled) == 2
    assert not any(per_promised_job(one).known or kept(one).known for one in modelled)


def test_whether_a_promise_was_kept() -> None:
    by = {one.name: one for one in shipped()}
    assert kept(by["Foxconn, Wisconsin (screens)"]).value == pytest.approx(281 / 13_000)
    assert kept(by["Google Lenoir"]).value == pytest.approx(50 / 210)
    assert not kept(by["AWS New Carlisle"]).known


def indicator(
    name: str, year: int, value: float | None, low: float | None = None, high: float | None = None
) -> Indicator:
    return Indicator(name=name, year=year, value=value, low=low, high=high, unit="", scope="", source="s",
                     source_url="u", licence="l")  # fmt: skip


def site(*indicators: Indicator, **fields: Any) -> Site:
    told = {"name": "Hall", "kind": "site", "operator": "", "serves": ("openai",), "place": "SWE"}
    return Site(**(told | fields), indicators=indicators)


def deal_of(made: Society, name: str = "Hall") -> Deal:
    return next(one for one in made.deals if one.site == name)


def test_the_part_of_a_site_before_and_after_ai_grew() -> None:
    exact = [indicator("energy_twh", 2020, 1, 1, 1), indicator("energy_twh", 2024, 2, 2, 2),
             indicator("ai_share", 2019, 0.1, 0.05, 0.2), indicator("ai_share", 2025, 0.5, 0.4, 0.8)]  # fmt: skip
    made = places(run(call(region="eu-north-1")), sites=[site(*exact)])
    energy = made.places[0].energy_wh
    before, after = deal_of(made).parts
    assert (before.energy.year, after.energy.year) == (2020, 2024)
    assert before.of_all.value == pytest.approx(energy.mid / 1e12)
    assert before.of_ai.value == pytest.approx(energy.mid / 1e11)
    assert (after.of_ai.low, after.of_ai.high) == pytest.approx((energy.low / (2e12 * 0.8), energy.high / (2e12 * 0.4)))


def test_a_bound_gives_a_bound_and_nothing_gives_nothing() -> None:
    bounds = [indicator("power_mw", 2025, 100, 100, 100), indicator("ai_share", 2024, None, None, 0.2),
              indicator("ai_share", 2025, None)]  # fmt: skip
    made = places(run(call(region="eu-north-1")), sites=[site(*bounds)])
    energy = made.places[0].energy_wh
    first, last = deal_of(made).parts
    assert first.of_all.value is first.of_all.high is None
    assert first.of_all.low == pytest.approx(energy.low / (100e6 * 8_760))  # full power all year, in Wh
    assert first.of_ai.low == pytest.approx(first.of_all.low / 0.2)
    assert last.ai_share is not None
    assert not last.of_ai.known
    bare = deal_of(places(run(call(region="eu-north-1")), sites=[site()])).parts
    assert len(bare) == 1
    assert bare[0].energy is bare[0].ai_share is None
    assert not bare[0].of_all.known


@pytest.mark.parametrize(
    ("one", "kind", "place", "beside"),
    [
        (call(region="eu-north-1"), "site", "SWE", True),
        (call(region="eu-west-1"), "site", "SWE", False),  # known to be elsewhere
        (call(), "site", "US-TX", True),  # one of the places that its provider publishes
        (call(), "site", "BRA", False),
        (call(provider="anthropic"), "site", "US-TX", False),  # it serves another provider
        (call(region="us"), "site", "US-TX", True),
        (call(region="us-east-1"), "programme", "US-VA", True),
        (call(region="us-east-1"), "programme", "US-TX", False),
        (call(), "programme", "US-VA", False),  # nobody says that it ran there
        (call(region="us-east-1"), "sector", "USA", True),
        (call(provider="ollama", host_class="loopback"), "sector", "WORLD", False),  # no data centre
    ],
)
def test_a_site_stands_beside_calls_that_may_have_run_there(one: Call, kind: str, place: str, beside: bool) -> None:
    made = places(run(one), sites=[site(kind=kind, place=place)])
    assert [deal.calls for deal in made.deals] == ([1] if beside else [])


def test_the_document_says_its_schema_and_method_and_sources_of_every_figure() -> None:
    made = places(run(call(), call(1, "aws.bedrock", "us-east-1")))
    document = msgspec.json.decode(msgspec.json.encode(made))
    assert document["schema"] == "jevons.places/1"
    assert document["method"]
    for deal in document["deals"]:
        for one in deal["indicators"]:
            assert one["source"] and one["source_url"] and one["licence"] and one["unit"] and one["year"]  # noqa: PT018
