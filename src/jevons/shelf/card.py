"""What a card says of one model: schema ``jevons.card/1``.

A card is a JSON file. JSON, because nothing may be lost: what another format says beside our fields (null, nested
lists) is kept as it is, which TOML cannot hold; the base install reads and writes it; one field a line, in the order
below, makes small diffs. Figures stand as their source prints them (24.69 t, not 24690000 g), so that their digits
still tell how far they are rounded.
"""

from __future__ import annotations

import datetime
import re
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from jevons.footprint.interval import Interval
from jevons.footprint.units import convert, dimension

SCHEMA = "jevons.card/1"
Positive = Annotated[float, Meta(gt=0)]
AtLeast0 = Annotated[float, Meta(ge=0)]
AtLeast1 = Annotated[float, Meta(ge=1)]
Share = Annotated[float, Meta(gt=0, le=1)]
Id = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,99}$")]
Text = Annotated[str, Meta(max_length=2000)]
PARTS = ("dynamic", "idle", "embodied", "failed", "all")
_UNITS = {"energy": "energy", "carbon": "mass", "water": "volume"}


class Amount(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A figure as it is printed; `low` and `high` bound a 90 % interval in the same unit."""

    value: AtLeast0
    unit: str
    low: AtLeast0 | None = None
    high: AtLeast0 | None = None

    def __post_init__(self) -> None:
        dimension(self.unit)
        if (self.low is None) != (self.high is None):
            raise ValueError("an interval has low and high, both or none")
        if self.low is not None and self.high is not None and not self.low <= self.value <= self.high:
            raise ValueError(f"low {self.low:g}, value {self.value:g}, high {self.high:g}: in this order")

    def to(self, unit: str) -> Interval:
        """In another unit; a figure without interval is as wide as nothing."""
        ends = (self.value if end is None else end for end in (self.low, self.value, self.high))
        return Interval(*(convert(end, self.unit, unit) for end in ends))


def amount(figure: Interval, unit: str) -> Amount:
    """An interval as an amount."""
    same = figure.low == figure.high
    return Amount(figure.mid, unit, None if same else figure.low, None if same else figure.high)


class _Figures(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    how: Literal["measured", "reported", "estimated"] = "reported"
    """By a meter; as somebody says; by us, from what is known of the work."""
    scope: Literal["", "gpu", "server", "facility"] = ""
    """What the energy is of."""
    energy: Amount | None = None
    carbon: Amount | None = None
    water: Amount | None = None
    hardware: Text = ""
    place: str = ""
    """ISO 3166 code, cloud region or words."""
    grid_g_per_kwh: AtLeast0 | None = None
    tool: str = ""
    source: Text = ""
    url: str = ""
    licence: str = ""
    note: Text = ""

    def __post_init__(self) -> None:
        for name, kind in _UNITS.items():
            given: Amount | None = getattr(self, name)
            if given is not None and dimension(given.unit) != kind:
                raise ValueError(f"{name} in {given.unit}: a unit of {kind}")


class Made(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What making the hardware cost, for the share of it that the work bears (`embodied.of_training`)."""

    machine_kg: AtLeast0
    server_kg: AtLeast0
    machines_per_server: Positive
    lifetime_years: Positive
    utilisation: Share


class Spent(_Figures, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What one stretch of work on the model took, within one boundary. Figures that are not stated follow from the
    inputs (`derive.figures`)."""

    activity: str = "training"
    """``training``, ``fine-tuning``, ``search`` ..."""
    part: Literal["dynamic", "idle", "embodied", "failed", "all"] = "all"
    machine_hours: AtLeast0 | None = None
    power_w: Positive | None = None
    """Mean of one machine (chip)."""
    pue: AtLeast1 | None = None
    flops: Positive | None = None
    utilisation: Share | None = None
    made: Made | None = None
    data_bytes: AtLeast0 | None = None
    """Of the data that it went through once or more."""
    cpu_hours: AtLeast0 | None = None
    """Processor time of the processes that did it, counted."""
    started: str = ""
    """ISO 8601 in UTC (``2026-11-26T04:05:06Z``), as ended."""
    ended: str = ""
    """As far as anybody looked, where it was cut short."""
    exit_code: int | None = None
    by: str = ""
    """Who ran it."""
    versions: dict[str, str] = {}
    """Of what it was run with."""
    kept: dict[str, Any] = {}
    """What another format says of it that has no field here, by format."""

    def __post_init__(self) -> None:
        super().__post_init__()
        moments = [moment(name, getattr(self, name)) for name in ("started", "ended") if getattr(self, name)]
        if moments != sorted(moments):
            raise ValueError(f"ended {self.ended} is before started {self.started}")


class Use(_Figures, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What serving it took: the amounts are for so many `calls`, or for so many `days`, or both."""

    calls: Positive | None = None
    days: Positive | None = None
    request_rate: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.calls is None and self.days is None:
            raise ValueError("use says for how many calls or days")


class Evaluation(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Quality on a named evaluation."""

    name: Text
    value: float
    metric: str = ""
    dataset: Text = ""
    source: Text = ""
    url: str = ""
    licence: str = ""
    verified: bool = False


class Card(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One model."""

    schema: Literal["jevons.card/1"]
    id: Id
    """Name of the file."""
    name: Annotated[str, Meta(min_length=1, max_length=500)]
    """As people write it: ``bigscience/bloom``."""
    maker: str = ""
    version: str = ""
    hashes: dict[str, str] = {}
    """Of the weights, by algorithm (``SHA-256``)."""
    task: str = ""
    """As Hugging Face calls it: ``text-generation``, ``feature-extraction`` ..."""
    licence: str = ""
    parameters_b: Positive | None = None
    weights_bytes: AtLeast0 | None = None
    base: tuple[str, ...] = ()
    """Ids or names of the models that it was made from."""
    relation: str = ""
    """How: ``finetune``, ``adapter``, ``quantized``, ``merge``, ``distilled``."""
    recipe: str = ""
    """Hashes of data, configuration, base and command (`recipe.Recipe`): the same training has the same."""
    output: str = ""
    """File or folder of the weights, as the command that made them was told; its hash stands in `hashes`."""
    incomplete: bool = False
    """The training was cut short: its cost counts, the model is no use."""
    training: tuple[Spent, ...] = ()
    use: tuple[Use, ...] = ()
    evals: tuple[Evaluation, ...] = ()
    first_use: str = ""
    """Date, as last_use and retired."""
    last_use: str = ""
    users: tuple[str, ...] = ()
    """Teams or projects."""
    calls: AtLeast0 | None = None
    """Calls served, as far as somebody counted."""
    retired: str = ""
    note: Text = ""
    kept: dict[str, Any] = {}
    """What another format says that has no field here, by format."""

    def __post_init__(self) -> None:
        for name in ("first_use", "last_use", "retired"):
            given = getattr(self, name)
            if given and not _date(given):
                raise ValueError(f"{name} {given!r}: a date (2026-11-26)")
        if self.first_use and self.last_use and self.first_use > self.last_use:
            raise ValueError(f"first_use {self.first_use} is after last_use {self.last_use}")


def _date(text: str) -> bool:
    try:
        return len(text) == 10 and bool(datetime.date.fromisoformat(text))
    except ValueError:
        return False


def moment(name: str, text: str) -> datetime.datetime:
    """A time in UTC as cards have it; ValueError."""
    try:
        if text.endswith("Z") and len(text) >= len("2026-11-26T04:05:06Z"):
            return datetime.datetime.fromisoformat(text)
    except ValueError:
        pass
    raise ValueError(f"{name} {text!r}: a time in UTC (2026-11-26T04:05:06Z)")


def identity(name: str) -> str:
    """The id that a name gives: ``bigscience/bloom`` is ``bigscience--bloom``. ValueError where nothing is left."""
    made = re.sub(r"[^a-z0-9._-]+", "-", name.strip().lower().replace("/", "--")).strip("-._")[:100]
    if not made:
        raise ValueError(f"{name!r} makes no id: use letters and digits")
    return made


def encode(card: Card) -> bytes:
    """The file of a card."""
    return msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n"


def digest(card: Card) -> str:
    """SHA-256 of a card's content."""
    import hashlib

    return hashlib.sha256(msgspec.json.encode(card, order="sorted")).hexdigest()
