"""Exports say what the report says: read back by the formats' own parsers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jevons.footprint import METHOD_VERSION
from jevons.ledger.recorded import Recorded, of_calls
from jevons.record import Call, Machine, Metered, Run
from jevons.report.build import build
from jevons.report.export import cells, otlp
from jevons.report.export.metric import Metric
from jevons.report.export.metrics import FIGURES, metrics
from jevons.report.export.openmetrics import text
from jevons.report.render import render

START_US = 1_794_000_000_000_000
SCALE = {"energy_wh": 3600.0}
COUNTERS = {
    "calls": "jevons_calls", "failed": "jevons_calls_failed", "retries": "jevons_calls_retries",
    "repeats": "jevons_calls_repeats", "estimated": "jevons_calls_estimated", "unknown": "jevons_calls_unknown",
    "input_tokens": "jevons_tokens_input", "cached_tokens": "jevons_tokens_cached",
    "output_tokens": "jevons_tokens_output", "reasoning_tokens": "jevons_tokens_reasoning",
}  # fmt: skip
LEVELS = {
    "energy_wh": "jevons_{}energy{}_joules", "carbon_g": "jevons_{}carbon{}_grams",
    "water_l": "jevons_{}water{}_liters", "embodied_g": "jevons_{}embodied_carbon{}_grams",
}  # fmt: skip
OF_ALL = {"calls", "failed", "retries", "estimated"}
"""Counts of the document that are over all modes."""


@st.composite
def made_calls(draw: st.DrawFn) -> list[Call]:
    calls = []
    for number in range(draw(st.integers(1, 8))):
        usage = draw(st.sampled_from(["reported", "estimated", "unknown"]))
        known = usage != "unknown"
        cached, reasoning = draw(st.integers(0, 50)), draw(st.integers(0, 50))
        local = draw(st.booleans())
        calls.append(
            Call(
                id=f"c{number}", run="r", index=number, started_us=START_US + number, usage=usage,
                model=draw(st.sampled_from(["gpt-4o", "claude-sonnet-4", "llama-3.1-8b", 'a"b\\c\nd\u202e', "a?"])),
                provider=draw(st.sampled_from(["openai", "", "\ud800"])),
                kind=draw(st.sampled_from(["chat", "completion", "embeddings", "image"])),
                role=draw(st.sampled_from(["product", "judge"])),
                mode=draw(st.sampled_from(["live", "live", "replayed", "mocked", "recorded"])),
                status=draw(st.sampled_from([200, 429, 503])), retry=draw(st.integers(0, 1)),
                input_tokens=draw(st.integers(50, 10**6)) if known else None,
                cached_tokens=cached if known else None,
                output_tokens=reasoning + draw(st.integers(0, 10**5)) if known else None,
                reasoning_tokens=reasoning if known else None,
                request_hash=draw(st.sampled_from(["", "h"])), host_class="loopback" if local else "cloud",
                measured_mj=draw(st.integers(0, 10**9)) if local else None,
            )
        )  # fmt: skip
    return calls


def exported(calls: Sequence[Call], **more: object) -> tuple[list[Recorded], dict, list[Metric]]:
    runs = [of_calls(Run(id="r", project="x", started_us=START_US, **more), calls)]
    document = build(runs)
    return runs, json.loads(render(document, "json")), metrics(runs, document)


@settings(max_examples=60)
@given(made_calls())
def test_openmetrics_adds_up_to_the_report(calls: list[Call]) -> None:
    parser = pytest.importorskip("prometheus_client.openmetrics.parser", reason="prometheus_client is not installed")
    _, document, made = exported(calls)
    families = {one.name: one for one in parser.text_string_to_metric_families(text(made, {"run": 'r"\\\n'}))}
    assert families["jevons_export"].samples[0].labels == {"run": 'r"\\\n'}
    older = pytest.importorskip("prometheus_client.parser").text_string_to_metric_families(text(made, {"run": ""}))
    points = sum(len(one.samples) for one in families.values())
    assert sum(len(one.samples) for one in older) == points  # the format that the textfile collector reads

    def total(name: str, **labels: str) -> float | None:
        """Sum of a family's points that have these labels; None where there is none."""
        samples = families[name].samples if name in families else []
        found = [one.value for one in samples if labels.items() <= one.labels.items()]
        return sum(found) if found else None

    mode = document["mode"]
    for field, name in COUNTERS.items():
        labels = {} if field in OF_ALL else {"jevons_mode": mode}
        value = total(name, **labels)
        known = any(call.usage != "unknown" and call.mode == mode for call in calls)
        if field.endswith("_tokens") and not known:
            assert value is None
        else:
            assert (value or 0) == document["counts"][field]
    covered = any(one.name == "jevons.energy" and has_mode(one, mode) for one in made)
    for field, name in LEVELS.items():
        level, scale = document["level"][field], SCALE.get(field, 1.0)
        if covered:
            assert total(name.format("", ""), jevons_mode=mode) == pytest.approx(level["mid"] * scale, rel=1e-9)
            for end in ("low", "high"):
                told = total(name.format("whole_", f"_{end}"), jevons_mode=mode)
                assert told == pytest.approx(level[end] * scale, rel=1e-12)
        else:
            assert total(name.format("", ""), jevons_mode=mode) is None
            assert level["high"] == 0
        if document["avoided"] and total(name.format("avoided_", "")) is not None:
            avoided = document["avoided"][field]["mid"] * scale
            assert total(name.format("avoided_", "")) == pytest.approx(avoided, rel=1e-9)
    for family in families.values():
        for sample in family.samples:
            level = family.name.startswith(tuple(f"jevons_{one}" for one in ("energy", "carbon", "water", "embodied")))
            assert family.name == "jevons_export" or sample.labels["jevons_rung"]
            assert not level or sample.labels["jevons_rung"] == "level"


def has_mode(metric: Metric, mode: str) -> bool:
    return any(point.attributes["jevons.mode"] == mode for point in metric.points)


@settings(max_examples=30)
@given(made_calls(), st.sampled_from(otlp.TEMPORALITIES))
def test_otlp_says_the_same_and_what_its_sums_are(calls: list[Call], temporality: str) -> None:
    pb = pytest.importorskip("opentelemetry.proto.metrics.v1.metrics_pb2", reason="jevons[sources] is not installed")
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

    _, _, made = exported(calls)
    body = otlp.request(made, {"service.name": "x"}, "1.2", (START_US, START_US + 5), temporality)
    (resource,) = ExportMetricsServiceRequest.FromString(body).resource_metrics
    (scope,) = resource.scope_metrics
    assert [one.name for one in scope.metrics] == [one.name for one in made]
    for wire, metric in zip(scope.metrics, made, strict=True):
        assert wire.unit == metric.unit
        kind = wire.WhichOneof("data")
        assert kind == ("gauge" if metric.kind == "gauge" else "sum")
        if kind == "sum":
            way = getattr(pb, f"AGGREGATION_TEMPORALITY_{temporality.upper()}")
            assert wire.sum.aggregation_temporality == way
            assert wire.sum.is_monotonic == (metric.kind == "count" or temporality == "delta")
        for got, point in zip(getattr(wire, kind).data_points, metric.points, strict=True):
            assert getattr(got, got.WhichOneof("value")) == point.value
            assert {one.key: one.value.string_value for one in got.attributes} == point.attributes
            assert (got.start_time_unix_nano, got.time_unix_nano) == (START_US * 1000, (START_US + 5) * 1000)


@settings(max_examples=15)
@given(calls=made_calls())
def test_parquet_holds_the_same_integers_and_no_zero_for_unknown(
    tmp_path_factory: pytest.TempPathFactory, calls: list[Call]
) -> None:
    duckdb = pytest.importorskip("duckdb", reason="jevons[report] is not installed")
    calls = [call for call in calls if call.provider.isprintable()]
    runs, document, _ = exported(calls, branch="main")
    path = tmp_path_factory.mktemp("it's") / "cells.parquet"
    count = cells.write(runs, path)
    table = duckdb.read_parquet(str(path))
    assert [(name, str(kind)) for name, kind in zip(table.columns, table.types, strict=True)] == list(
        cells.COLUMNS.items()
    )
    rows = table.fetchall()
    assert len(rows) == count
    truth: Counter[tuple[str, str]] = Counter()
    for call in calls:
        truth[call.mode, "calls"] += 1
        for field in ("input", "output", "cached", "reasoning"):
            truth[call.mode, field] += getattr(call, f"{field}_tokens") or 0
        truth[call.mode, "measured_mj"] += call.measured_mj or 0
    found: Counter[tuple[str, str]] = Counter()
    energy_wh = 0.0
    for row in rows:
        of = dict(zip(table.columns, row, strict=True))
        assert (of["run"], of["branch"], of["started_us"]) == ("r", "main", START_US)
        for field in ("calls", "input", "output", "cached", "reasoning", "measured_mj"):
            found[of["mode"], field] += of[field]
        assert (of["energy_wh_mid"] is None) == (of["covered"] == 0)
        energy_wh += (of["energy_wh_mid"] or 0.0) * (of["mode"] == document["mode"])
    assert +found == +truth
    assert energy_wh == pytest.approx(document["level"]["energy_wh"]["mid"], rel=1e-9)
    told = duckdb.sql(f"SELECT key, value FROM parquet_kv_metadata('{str(path).replace(chr(39), chr(39) * 2)}')")
    assert dict(told.fetchall())[b"method"] == METHOD_VERSION.encode()


def test_every_figure_of_a_level_is_exported() -> None:
    document = build([of_calls(Run(id="r"), [])])
    assert list(FIGURES) == list(type(document.level).__struct_fields__)


def test_machines_are_apart_counters_by_component_and_each_command_once() -> None:
    counters = Machine(processors=2, processor_mj=5_000, cards=1, card_mj=7_000, cpu_us=9_000_000)
    runs = [
        of_calls(Run(id="outer", machine=counters, ended_us=1), []),
        of_calls(Run(id="inner", machine=counters, command="outer", ended_us=1), []),
        of_calls(Run(id="estimated", machine=Machine(cpu_us=3_600_000_000), ended_us=1), []),
        of_calls(Run(id="unknown", machine=Machine(unread_card=True), ended_us=1), []),
        of_calls(Run(id="other", metered=Metered(2_000, "server", "codecarbon 3")), []),
    ]
    document = build(runs)
    made = {one.name: one for one in metrics(runs, document)}
    components = {point.attributes["hw.type"]: point.value for point in made["hw.energy"].points}
    assert components == {"cpu": 5.0, "gpu": 7.0}
    assert all(point.attributes["hw.id"] for point in made["hw.energy"].points)
    energy = {point.attributes["jevons.how"]: point.value for point in made["jevons.machine.energy"].points}
    assert energy == {"measured": pytest.approx(12.0), "estimated": pytest.approx(3600 * 4.0)}
    assert [point.value for point in made["jevons.imported.energy"].points] == [2.0]
    assert not [name for name in made if name.startswith(("jevons.energy", "jevons.whole", "jevons.calls"))]
    assert [(one.how, one.commands, one.energy_wh is None) for one in document.machine] == [
        ("estimated", 1, False), ("measured", 1, False), ("unknown", 1, True)
    ]  # fmt: skip
