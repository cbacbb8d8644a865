"""Sending metrics to a receiver of OTLP over HTTP, as OpenTelemetry's exporters are told where and how.

Source: opentelemetry.io/docs/specs/otlp (OTLP/HTTP) and docs/specs/otel/protocol/exporter, whose ``OTEL_*`` variables
are read. No redirect is followed: it would take the headers, which may hold a key, elsewhere.
"""

from __future__ import annotations

import gzip
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

PATH = "/v1/metrics"
MEDIA = "application/x-protobuf"
AGAIN = frozenset({429, 502, 503, 504})
"""Statuses after which it is tried again."""
TRIES, PAUSE_S, PAUSE_MOST_S = 3, 1.0, 30.0
_PREFIX = "OTEL_EXPORTER_OTLP_"
_ANSWER_MOST = 1 << 20


class SendError(ValueError):
    """It was not sent, or not taken: says why, without a header's value."""


class Receiver(NamedTuple):
    """Where to send, and how."""

    url: str
    headers: dict[str, str]
    timeout_s: float = 10.0
    packed: bool = False
    """Whether bodies are packed with gzip."""

    @property
    def shown(self) -> str:
        """Its URL without user, password and query."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def receiver(endpoint: str, environment: Mapping[str, str]) -> Receiver | None:
    """Who is to get them: `endpoint` if given (a base URL, or the whole one), else what the variables say; None where
    nobody says. Raises SendError."""

    def said(name: str) -> str:
        return (environment.get(f"{_PREFIX}METRICS_{name}") or environment.get(_PREFIX + name) or "").strip()

    whole, base = environment.get(f"{_PREFIX}METRICS_ENDPOINT", ""), environment.get(f"{_PREFIX}ENDPOINT", "")
    url = _with_path(endpoint) if endpoint else whole or (base and base.rstrip("/") + PATH)
    if not url:
        return None
    if not endpoint and said("PROTOCOL") not in ("", "http/protobuf"):
        raise SendError(f"{_PREFIX}PROTOCOL is {said('PROTOCOL')}: OTLP is sent as http/protobuf alone (--endpoint)")
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits:
        raise SendError("the endpoint is no URL: write it as http://HOST:4318")
    try:
        timeout_s = float(said("TIMEOUT") or 10_000) / 1e3
    except ValueError:
        raise SendError(f"{_PREFIX}TIMEOUT is no number of milliseconds") from None
    packing = said("COMPRESSION") or "none"
    if packing not in ("none", "gzip"):
        raise SendError(f"{_PREFIX}COMPRESSION is {packing}: gzip or none")
    headers = _headers(environment.get(f"{_PREFIX}HEADERS", "")) | _headers(
        environment.get(f"{_PREFIX}METRICS_HEADERS", "")
    )
    return Receiver(url, headers, timeout_s, packing == "gzip")


def _with_path(url: str) -> str:
    return url if url.rstrip("/").endswith(PATH) else url.rstrip("/") + PATH


def _headers(text: str) -> dict[str, str]:
    """``key=value,key=value``, values percent-encoded (W3C Baggage without properties)."""
    found = {}
    for pair in filter(None, map(str.strip, text.split(","))):
        name, equals, value = pair.partition("=")
        value = unquote(value.strip())
        if not equals or not name.strip() or not (name + value).isprintable():
            raise SendError(f"{_PREFIX}HEADERS: write them as name=value,name=value, values percent-encoded")
        found[name.strip().lower()] = value
    return found


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def send(to: Receiver, body: bytes) -> bytes:
    """Post a body; the answer's. Raises SendError."""
    data = gzip.compress(body) if to.packed else body
    headers = {"content-type": MEDIA, "user-agent": "jevons"} | ({"content-encoding": "gzip"} if to.packed else {})
    asked = urllib.request.Request(to.url, data, {**to.headers, **headers}, method="POST")  # noqa: S310  http(s) alone
    opener = urllib.request.build_opener(_Stay)
    for left in reversed(range(TRIES)):
        try:
            with opener.open(asked, timeout=to.timeout_s) as answer:
                told: bytes = answer.read(_ANSWER_MOST)
                return told
        except urllib.error.HTTPError as error:
            error.close()
            if error.code not in AGAIN or not left:
                raise SendError(f"{to.shown} answered {error.code}: nothing is known to be taken") from None
            time.sleep(_pause(error.headers.get("retry-after"), TRIES - left))
        except OSError as error:
            why = getattr(error, "reason", None) or error
            raise SendError(f"{to.shown}: {getattr(why, 'strerror', None) or why}") from None
        except Exception as error:  # no HTTP came back
            raise SendError(f"{to.shown}: {type(error).__name__}") from None
    raise AssertionError


def _pause(asked: str | None, tried: int) -> float:
    """Seconds to wait: as asked for (RFC 9110, Retry-After in seconds), else longer each time."""
    wait_s = float(asked) if asked and asked.isdecimal() else PAUSE_S * tried
    return min(wait_s, PAUSE_MOST_S)
