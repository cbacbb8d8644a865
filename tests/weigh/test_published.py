"""Published figures: frozen for good, restated with the reason, and no part of a change."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from jevons.factors import User, load_user
from jevons.footprint import METHOD_VERSION, Overrides
from jevons.footprint.generation import served_by
from jevons.footprint.rates import FIGURES
from jevons.ledger.recorded import Recorded, of_calls
from jevons.record import Call, Run
from jevons.report.restated import markdown, text
from jevons.weigh.published import PublishedError, Restated, load, names, publish, restate

SEPTEMBER = 1_789_000_000_000_000
SERVED = (
    {"provider": "openai", "model": "gpt-4o", "region": "eu-north-1"},
    {"provider": "anthropic", "model": "claude-sonnet-4"},
    {"provider": "groq", "model": "llama-3.1-70b", "region": "us-east-1"},
    {"provider": "azure.ai.openai", "model": "text-embedding-3-small", "kind": "embeddings", "region": "swedencentral"},
    {"provider": "unknown", "model": "llama-3.1-8b", "host_class": "loopback"},
    {"provider": "unknown", "model": "qwen2.5-7b", "host_class": "loopback", "cpu_us": 900_000},
    {"provider": "mistral_ai", "model": "mistral-large", "status": 500, "input_tokens": 0, "output_tokens": 0},
)
HEAD = "name,place,year,value,low,high,unit,source\n"


def runs(place: str = "DE") -> list[Recorded]:
    base = {"usage": "reported", "status": 200, "input_tokens": 900, "output_tokens": 400}
    made = []
    for number, month in enumerate((0, 0, 120)):  # in two years
        run = Run(id=f"r{number}", project="shop", place=place, started_us=SEPTEMBER + month * 86_400_000_000)
        calls = [
            Call(**{"id": f"{run.id}-{at}", "run": run.id, "started_us": run.started_us, **base, **more})  # type: ignore[arg-type]
            for at, more in enumerate(SERVED)
        ]
        made.append(of_calls(run, calls))
    return made


def made(folder: Path, **more: object) -> tuple[Path, Restated]:
    """Published and restated at once."""
    publish(folder, "2026Q3", "2026Q3", runs(), **more)  # type: ignore[arg-type]
    path = folder / "2026Q3.json"
    return path, restate(*load(path), **more)  # type: ignore[arg-type]


def user(folder: Path, rows: str) -> User:
    (folder / "ours.csv").write_text(HEAD + rows)
    return load_user([folder / "ours.csv"])


@pytest.mark.parametrize("grid", ["average", "operating", "build"])
def test_the_same_facts_method_and_factors_give_what_was_published(tmp_path: Path, grid: str) -> None:
    known = Overrides(
        grid=grid,
        factors=user(tmp_path, "pue,openai,,1.3,1.2,1.4,1,us\ngrid_market,SE,,5,4,6,gCO2e/kWh,us\n"),
        models={"claude-sonnet-4": (400.0, 40.0)},
        servings={"llama-3.1-70b": served_by("H100", gpus=4, batch=32)},
    )
    _, again = made(tmp_path / "p", overrides=known)
    assert again.steps == []
    for name in FIGURES:
        assert again.figures[name] == pytest.approx(again.published.figures[name], rel=1e-12)
        assert again.published.figures[name][1] > 0
    assert "nothing changed" in text(again)


def test_frozen_factors_hold_against_other_tables(tmp_path: Path) -> None:
    """What the tables say of any quantity may change: the published figure is rebuilt from its own factors alone."""
    path, _ = made(tmp_path / "p")
    published, facts = load(path)
    named = [one for one in published.factors if one.name in ("host", "idle", "gpu_embodied")]
    rows = "".join(
        f"{one.name},,,{one.high * 1.2:.6g},{one.low:.6g},{one.high * 1.5:.6g},{one.unit},us\n" for one in named
    )
    other = restate(published, facts, overrides=Overrides(factors=user(tmp_path, rows)))
    assert {step.what for step in other.steps} == {"host", "idle", "gpu_embodied"}
    for name in FIGURES:
        ratio = other.figures[name][1] / published.figures[name][1]
        product = 1.0
        for step in other.steps:
            product *= step.ratios[name]
        assert product == pytest.approx(ratio, rel=1e-9)
        assert ratio > 1.001


def test_method_factors_and_settings_are_told_apart(tmp_path: Path) -> None:
    path, _ = made(tmp_path / "p")
    published, facts = load(path)
    older = msgspec.structs.replace(
        published,
        method="2025.1",
        figures={
            name: (low * 0.8, middle * 0.8, high * 0.8) for name, (low, middle, high) in published.figures.items()
        },
    )
    known = Overrides(
        factors=user(tmp_path, "grid,DE,,500,400,600,gCO2e/kWh,us\n"), models={"claude-sonnet-4": (1.0, 1.0)}
    )
    again = restate(older, facts, overrides=known)
    method, grid, settings = again.steps
    assert (method.what, method.was, method.now) == ("method and models", "2025.1", METHOD_VERSION)
    assert method.ratios == pytest.approx(dict.fromkeys(FIGURES, 1.25))
    assert grid.what == "grid of Germany"
    assert grid.ratios["carbon_g"] > 1
    assert grid.ratios["energy_wh"] == pytest.approx(1)
    assert settings.now.endswith("sizes of claude-sonnet-4")
    assert settings.ratios["energy_wh"] < 1
    said = text(again)
    assert "method and models 2025.1 → " in said
    assert "+25 % in all figures" in said
    assert "grid of Germany" in said
    assert "500 gCO2e/kWh" in said
    assert markdown(again).startswith("### 2026Q3, restated")


def test_a_published_figure_is_not_changed(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    path, _ = made(folder)
    before = path.read_bytes()
    with pytest.raises(PublishedError, match="published already: take another name"):
        publish(folder, "2026Q3", "latest", runs()[:1])
    assert path.read_bytes() == before
    for name in ("../x", "", "a/b", ".x", "x" * 99):
        with pytest.raises(PublishedError, match="no name for a publication"):
            publish(folder, name, "latest", runs())
    assert names(folder) == ["2026Q3"]


def test_facts_that_are_not_the_published_ones_are_refused(tmp_path: Path) -> None:
    path, _ = made(tmp_path / "p")
    facts = path.with_suffix(".jsonl")
    whole = facts.read_bytes()
    facts.write_bytes(whole.replace(b"\n", b"\r\n"))  # as git may on Windows
    assert len(load(path)[1]) == 3
    facts.write_bytes(whole.replace(b'"input":900', b'"input":901', 1))
    with pytest.raises(PublishedError, match="restore it from git"):
        load(path)
    facts.unlink()
    with pytest.raises(PublishedError, match="restore it from git"):
        load(path)
    path.write_text("{}")
    with pytest.raises(PublishedError, match=r"2026Q3\.json.*restore it from git"):
        load(path)
    with pytest.raises(PublishedError, match="published so far: 2026Q3"):
        load(tmp_path / "p" / "2026Q4.json")


def test_what_is_published_names_no_test(tmp_path: Path) -> None:
    of = runs()[0]
    calls = [Call(id="c", run=of.run.id, test="tests/test_x.py::test_secret_name", fixture="desk@1", file="secret.py")]
    publish(tmp_path, "x", "latest", [of_calls(of.run, calls)])
    assert b"secret" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
