"""Settings: flags win over ``JEVONS_*`` in the environment, these over ``[tool.jevons]`` in pyproject.toml."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, Literal

import msgspec

from jevons.ledger.home import DIRECTORY

MARKER = b"tool.jevons"
YES, NO = frozenset({"1", "true", "yes", "on"}), frozenset({"", "0", "false", "no", "off"})


class SettingsError(ValueError):
    """A setting that cannot be used: names file, key and remedy."""


class ModelSize(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """``[tool.jevons.models.NAME]``: parameters in billions. Keys are the columns of `jevons estimate`."""

    total_params_b: float
    active_params_b: float | None = None


class ModelServing(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """``[tool.jevons.serving.NAME]``: what is known of a model's serving. Keys are the columns of `jevons estimate`."""

    gpu: str = ""
    n_gpus: float | None = None
    engine: str = ""
    batch_avg: float | None = None
    itl_s: float | None = None
    """Seconds between tokens, on the server."""


BUDGET_UNITS = ("calls", "tokens", "judge_calls", "energy_wh", "carbon_g", "water_l")
"""What the live guard can cap; tokens are input plus output, figures are central ones."""
GATE_UNITS = (*BUDGET_UNITS, "repeats", "money_usd")
"""What `jevons gate` can cap, once a run has ended."""
_WHOLE = frozenset({"calls", "tokens", "judge_calls", "repeats"})
REPLAY_MODES = ("none", "once", "new_episodes", "all")
"""As vcrpy has them: send nothing; record where nothing is recorded yet; record what is new; record all anew."""
SPANS = ("run", "test", "day", "month", "project")


class Budget(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """``[tool.jevons.budget]``: caps by unit (`GATE_UNITS`) over a run, a test, a day, a month, the whole project."""

    run: dict[str, float] = {}
    test: dict[str, float] = {}
    day: dict[str, float] = {}
    month: dict[str, float] = {}
    project: dict[str, float] = {}
    on_exceed: Literal["error", "skip"] = "error"
    """What the live guard does at a cap: the next call fails, or the rest of the tests is skipped, too."""
    guard: bool = False
    """Whether the caps of `run` stop calls while the tests run."""
    coverage: float = 0.9
    """Least share of calls that must have figures for a cap to be judged."""
    growth: float = 0.05
    """Growth over its base that a run may show, as a share."""


class Replay(msgspec.Struct, forbid_unknown_fields=True, rename="kebab", frozen=True):
    """``[tool.jevons.replay]``: what is answered from recordings, and where they lie."""

    mode: str = ""
    """As ``--jevons-replay``; empty: off."""
    dir: str = ""
    """Folder of the recordings, relative to the project's root; empty: ``replay`` in the ledger's."""
    temperature_zero: bool = False
    """Whether calls at temperature 0 are replayed, whose answers are usually, not always, the same."""
    max_age_days: float = 30.0
    """Older recordings do not answer: models behind a name change."""
    max_mb: float = 500.0
    """Size of all recordings, above which those go first that have answered least recently."""
    redact: tuple[str, ...] = ()
    """Regular expressions of what is never to be kept, beside keys and tokens."""


TRAIN_UNITS = ("trainings", "energy_kwh")
"""What `jevons train` can cap: trainings begun, and the middle of what they took."""
TRAIN_SPANS = ("month", "quarter", "year")


class Train(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """``[tool.jevons.train]``: caps by unit (`TRAIN_UNITS`) on the trainings of a shelf, by span (UTC)."""

    month: dict[str, float] = {}
    quarter: dict[str, float] = {}
    year: dict[str, float] = {}


def cap_fault(unit: str, amount: float, gate: bool = False) -> str:
    """What is wrong with a cap, and the remedy; empty where nothing is. The `gate` may hold a run to none of something,
    the live guard only to some."""
    units = GATE_UNITS if gate else BUDGET_UNITS
    if unit not in units:
        return f"{unit!r} is no unit of a budget: use one of {', '.join(units)}"
    if not (0 < amount < float("inf") or (gate and amount == 0)):
        return f"{unit} = {amount:g}: a cap is a number above 0; leave it out for no cap"
    if unit in _WHOLE and amount % 1:
        return f"{unit} = {amount:g}: use a whole number"
    return ""


class Settings(msgspec.Struct, forbid_unknown_fields=True, rename="kebab", frozen=True):
    """What ``[tool.jevons]`` may hold."""

    enabled: bool = False
    """Whether plain `pytest` records."""
    dir: str = DIRECTORY
    """The ledger's directory, relative to the project's root."""
    shared: str = ""
    """A ledger that is shared with others (`jevons combine --cells`), read beside the project's own: its directory,
    relative to the project's root, or its URL, for fsspec."""
    project: str = ""
    """Name of the project in the ledger; empty: the root folder's name."""
    engine: str = ""
    """The Spark that makes the cells of a ledger's Parquet files (``spark://HOST:PORT``, ``local[*]``); empty, or
    ``duckdb``: DuckDB, in the process."""
    place: str = ""
    """Where these machines stand: ISO 3166 code (``DE``) or cloud region. Used for local models."""
    ids: str = "masked"
    """``masked`` keeps free-text test parameters out of the ledger, ``full`` lets them in."""
    judges: tuple[str, ...] = ()
    """Names (parts of ``module:qualified.name``) that mark a judge's code."""
    grid: str = "average"
    """Carbon intensity: the yearly ``average``, or the ``operating`` or ``build`` margin."""
    signal: str = ""
    """File with the carbon intensity of these machines' place by the hour."""
    factors: tuple[str, ...] = ()
    """Files of factors that win over the product's, relative to the project's root (`jevons factors --check FILE`)."""
    sites: tuple[str, ...] = ()
    """Files of data centres and programmes beside the product's (`jevons report --places`), relative to the root."""
    shelf: str = "jevons-shelf"
    """Where model cards lie (`jevons shelf`): a directory, relative to the project's root, or a URL for fsspec."""
    models: dict[str, ModelSize] = {}
    """Sizes of models, by name."""
    serving: dict[str, ModelServing] = {}
    """How models are served, by name."""
    upstreams: dict[str, str] = {}
    """Servers that `jevons serve` may send to beside the known providers: name to URL."""
    budget: Budget = Budget()
    replay: Replay = Replay()
    train: Train = Train()


def _table(root: Path) -> dict[str, Any]:
    file = root / "pyproject.toml"
    try:
        raw = file.read_bytes()
    except OSError:
        return {}
    if MARKER not in raw:
        return {}
    import tomllib

    try:
        table = tomllib.loads(raw.decode("utf-8")).get("tool", {}).get("jevons", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: no valid TOML ({error})") from error
    if not isinstance(table, dict):
        raise SettingsError(f"{file}: tool.jevons must be a table: write it as [tool.jevons]")
    return table


def load(root: Path) -> Settings:
    """Settings for the project whose root folder is `root`. Raises SettingsError."""
    table = _table(root)
    where = f"{root / 'pyproject.toml'}, [tool.jevons]"
    for name in Settings.__struct_encode_fields__:
        value = os.environ.get(f"JEVONS_{name.upper().replace('-', '_')}")
        if value is not None and name not in ("models", "serving", "upstreams", "budget", "replay", "train"):
            separator = {"judges": ",", "factors": os.pathsep, "sites": os.pathsep}.get(name)
            table[name] = value.split(separator) if separator else value
            where = f"JEVONS_{name.upper()} in the environment"
    switch = os.environ.get("JEVONS")
    if switch is not None:
        table["enabled"] = switch
    if isinstance(table.get("enabled"), str):
        text = table["enabled"].strip().lower()
        if text not in YES | NO:
            raise SettingsError(f"JEVONS={switch!r}: use 1 to switch jevons on, 0 to switch it off")
        table["enabled"] = text in YES
    try:
        settings = msgspec.convert(table, Settings)
    except msgspec.ValidationError as error:
        known = ", ".join(Settings.__struct_encode_fields__)
        raise SettingsError(f"{where}: {error}. Known settings: {known}") from error
    if settings.ids not in ("masked", "full"):
        raise SettingsError(f"{where}: ids = {settings.ids!r}: use 'masked' or 'full'")
    _check(settings.budget, root / "pyproject.toml")
    _check_replay(settings.replay, root / "pyproject.toml")
    _check_train(settings.train, root / "pyproject.toml")
    return settings


def _check_train(train: Train, file: Path) -> None:
    for span in TRAIN_SPANS:
        for unit, amount in getattr(train, span).items():
            fault = ""
            if unit not in TRAIN_UNITS:
                fault = f"{unit!r} is no unit of it: use one of {', '.join(TRAIN_UNITS)}"
            elif not 0 <= amount < float("inf"):
                fault = f"{unit} = {amount:g}: a cap is a number, 0 at least; leave it out for no cap"
            elif unit == "trainings" and amount % 1:
                fault = f"{unit} = {amount:g}: use a whole number"
            if fault:
                raise SettingsError(f"{file}, [tool.jevons.train]: {span}: {fault}")


def _check_replay(replay: Replay, file: Path) -> None:
    fault = ""
    if replay.mode not in ("", *REPLAY_MODES):
        fault = f"mode = {replay.mode!r}: use one of {', '.join(REPLAY_MODES)}"
    for name, amount in (("max-age-days", replay.max_age_days), ("max-mb", replay.max_mb)):
        if not 0 < amount < float("inf"):
            fault = f"{name} = {amount:g}: use a number above 0"
    for rule in replay.redact:
        try:
            re.compile(rule)
        except re.error as error:
            fault = f"redact: {rule!r} is no regular expression ({error})"
    if fault:
        raise SettingsError(f"{file}, [tool.jevons.replay]: {fault}")


def _check(budget: Budget, file: Path) -> None:
    faults = (
        f"{span}: {fault}"
        for span in SPANS
        for unit, amount in getattr(budget, span).items()
        if (fault := cap_fault(unit, amount, gate=not (budget.guard and span == "run" and unit in BUDGET_UNITS)))
    )
    fault = next(faults, "")
    if not fault and budget.guard and budget.run.keys().isdisjoint(BUDGET_UNITS):
        fault = "guard = true, but run holds no cap: add one (run = {calls = 500})"
    if not fault and not 0 <= budget.growth < float("inf"):
        fault = f"growth = {budget.growth:g}: use a share of 0 or more (0.05 for 5 %)"
    if not fault and not 0 <= budget.coverage <= 1:
        fault = f"coverage = {budget.coverage:g}: use a share from 0 to 1"
    if fault:
        raise SettingsError(f"{file}, [tool.jevons.budget]: {fault}")
