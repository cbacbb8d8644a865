"""Grid signals from the network: one source a file, each asked only when a command says so.

A feed gives the same `Signal` as a file does. Keys come from the environment, go to their own host over TLS alone, and
into no message.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from jevons.factors.signal import Signal, SignalError

TIMEOUT_S = 20
_MOST_BYTES = 8_000_000


class FeedError(SignalError):
    """A source that did not tell: which, why, and the remedy."""


class Row(NamedTuple):
    """A value of a feed."""

    start: int
    """Unix seconds."""
    value: float
    """gCO2e/kWh."""
    horizon_h: float | None
    estimated: bool


def get(url: str, headers: Mapping[str, str] | None = None) -> Any:
    """The JSON that an address answers with. Raises FeedError.

    Follows no redirect: a key in the headers would go along.
    """
    import http.client
    import urllib.error
    import urllib.request
    from urllib.parse import urlsplit

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: Any) -> None:
            return None

    host = urlsplit(url).hostname
    request = urllib.request.Request(url, headers={"Accept": "application/json", **(headers or {})})  # noqa: S310
    try:
        with urllib.request.build_opener(Stay).open(request, timeout=TIMEOUT_S) as answer:
            body = answer.read(_MOST_BYTES)
        return msgspec.json.decode(body)
    except urllib.error.HTTPError as error:
        raise FeedError(f"{host} answered {error.code}: {_remedy(error.code)}") from None
    except (OSError, http.client.HTTPException) as error:
        why = getattr(error, "reason", None) or error
        raise FeedError(f"{host} cannot be reached ({why}): offline? name a file instead (--signal FILE)") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise FeedError(f"{host} answered with no JSON: try again, or name a file (--signal FILE)") from None


def _remedy(status: int) -> str:
    if status in (401, 403):
        return "the key or password is wrong, or the plan does not cover this zone"
    if status == 404:
        return "it does not know this zone; name another (--zone)"
    if status == 429:
        return "too many requests; wait a minute"
    return "try again later, or name a file (--signal FILE)"


def made(name: str, rows: Iterable[Row], *, zone: str, basis: str, kind: str, source: str, step_s: int = 0) -> Signal:
    """The signal of a feed's rows. Raises FeedError where they are not what a signal needs."""
    told = list(rows)
    for row in told:
        if not 0 <= row.value < math.inf:
            raise FeedError(f"{name} told {row.value!r} gCO2e/kWh: not a carbon intensity; name a file (--signal FILE)")
    steps = [later.start - earlier.start for earlier, later in itertools.pairwise(told)]
    if not steps or min(steps) <= 0:
        raise FeedError(f"{name} told {len(told)} values, or not in order: try again, or name a file (--signal FILE)")
    return Signal(
        file=name,
        zone=zone,
        basis=basis,
        kind=kind,
        source=source,
        starts=tuple(row.start for row in told),
        values=tuple(row.value for row in told),
        estimated=tuple(row.estimated for row in told),
        step_s=step_s or min(steps),
        horizons_h=tuple(row.horizon_h for row in told),
    )


def seconds(name: str, text: Any) -> int:
    """Unix seconds of a feed's time, which says its offset. Raises FeedError."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.utcoffset() is None:
            raise ValueError
    except (TypeError, ValueError):
        raise FeedError(f"{name} told the time {text!r}: not ISO 8601 with an offset") from None
    return int(moment.timestamp())


def unexpected(name: str) -> FeedError:
    """For an answer of another shape than its documentation says."""
    return FeedError(f"{name} answered in another shape than documented: update jevons, or name a file (--signal FILE)")
