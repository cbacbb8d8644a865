"""Settings: flags win over ``JEVONS_*`` in the environment, these over ``[tool.jevons]`` in pyproject.toml."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

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


class Settings(msgspec.Struct, forbid_unknown_fields=True, rename="kebab", frozen=True):
    """What ``[tool.jevons]`` may hold."""

    enabled: bool = False
    """Whether plain `pytest` records."""
    dir: str = DIRECTORY
    """The ledger's directory, relative to the project's root."""
    project: str = ""
    """Name of the project in the ledger; empty: the root folder's name."""
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
    models: dict[str, ModelSize] = {}
    """Sizes of models, by name."""
    serving: dict[str, ModelServing] = {}
    """How models are served, by name."""


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
        if value is not None and name not in ("models", "serving"):
            separator = {"judges": ",", "factors": os.pathsep}.get(name)
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
    return settings
