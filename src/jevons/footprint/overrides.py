"""What the user knows better than the tables: factors, sizes of models, how they are served."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from jevons import factors
from jevons.factors.signal import Signal, read_signal
from jevons.footprint.generation import Setting, served_by
from jevons.footprint.rates import BASES
from jevons.settings import ModelServing, ModelSize, Settings, SettingsError


class Overrides(msgspec.Struct, frozen=True, kw_only=True):
    """Replaces what the tables say."""

    factors: factors.User | None = None
    models: Mapping[str, tuple[float, float]] = {}
    """Name of a model to its total and active parameters in billions."""
    servings: Mapping[str, Setting] = {}
    """Name of a model to what is known of its serving."""
    grid: str = "average"
    """Carbon intensity on one of `rates.BASES`."""
    signal: Signal | None = None
    """Carbon by the hour, of the same basis, for calls that it holds the place and hour of."""

    def __post_init__(self) -> None:
        if self.grid not in BASES:
            raise ValueError(f"grid {self.grid!r}: one of {', '.join(BASES)}")
        if self.signal is not None and (self.signal.basis == "average") != (self.grid == "average"):
            raise ValueError(f"signal of basis {self.signal.basis}, grid {self.grid}: bases are never mixed")
        for name, (total, active) in self.models.items():
            if not 0 < active <= total:
                raise ValueError(f"models: {name}: 0 < active <= total; got {active} and {total}")


def overrides(settings: Settings, root: Path, grid: str = "") -> Overrides:
    """Of a project's settings; files are relative to its `root`. `grid` wins over the setting.

    Raises SettingsError, with every fault of a factor file.
    """
    files = [root / file for file in settings.factors]
    try:
        return Overrides(
            factors=factors.load_user(files) if files else None,
            models={name: _sizes(size) for name, size in settings.models.items()},
            servings={name: _setting(name, said) for name, said in settings.serving.items()},
            grid=grid or settings.grid,
            signal=read_signal(root / settings.signal) if settings.signal else None,
        )
    except factors.FactorFileError as error:
        raise SettingsError(str(error)) from error
    except ValueError as error:
        raise SettingsError(f"[tool.jevons] of {root}: {error}") from error


def _sizes(size: ModelSize) -> tuple[float, float]:
    return size.total_params_b, size.active_params_b or size.total_params_b


def _setting(model: str, said: ModelServing) -> Setting:
    known = {"gpus": said.n_gpus, "batch": said.batch_avg, "latency_s": said.itl_s}
    for name, number in known.items():
        if number is not None and not number > 0:
            raise ValueError(f"serving.{model}: {name} is above 0, or left out where it is not known; got {number}")
    try:
        return served_by(said.gpu, **known, engine=said.engine)
    except LookupError as error:
        raise ValueError(f"serving.{model}: {error.args[0]}") from error
