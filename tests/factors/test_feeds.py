"""Feeds over real HTTP: answers as documented, read back; wrong ones refused; keys nowhere but in headers.

No answer here was recorded: each is made by its source's documentation.
"""

from __future__ import annotations

import base64
import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from jevons.factors.feeds import FeedError, electricity_maps, gb, watttime

ASKED = int(datetime(2026, 11, 26, 21, 12, tzinfo=UTC).timestamp())
SECRET = "k3y-of-nobody"


class Server:
    def __init__(self):
        self.answers, self.asked = {}, []
        served = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                served.asked.append((self.path, dict(self.headers)))
                status, body = served.answers.get(self.path.partition("?")[0], (404, b"{}"))
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", f"{served.base}/elsewhere")
                self.end_headers()
                self.wfile.write(body if isinstance(body, bytes) else json.dumps(body).encode())

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture
def server(monkeypatch):
    made = Server()
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(gb, "BASE", made.base)
    monkeypatch.setattr(electricity_maps, "BASE", f"{made.base}/v3")
    monkeypatch.setattr(watttime, "BASE", made.base)
    monkeypatch.setenv(electricity_maps.KEY, SECRET)
    monkeypatch.setenv(watttime.USER, "ada")
    monkeypatch.setenv(watttime.PASSWORD, SECRET)
    yield made
    made.http.shutdown()
    made.http.server_close()


def at(minutes):
    return f"{datetime(2026, 11, 26, 20, 30, tzinfo=UTC) + timedelta(minutes=minutes):%Y-%m-%dT%H:%MZ}"


def half_hour(number, forecast, actual=None):
    told = {"forecast": forecast, "actual": actual, "index": "moderate"}
    return {"from": at(30 * number), "to": at(30 * number + 30), "intensity": told}


GB = {"data": [half_hour(0, 260, 255), half_hour(1, 250), half_hour(2, 190), half_hour(3, 120)]}
MAPS = {
    "zone": "DE",
    "forecast": [{"carbonIntensity": 326, "datetime": "2026-11-26T21:00:00.000Z"},
                 {"carbonIntensity": 297, "datetime": "2026-11-26T22:00:00.000Z"}],
    "updatedAt": "2026-11-26T20:30:00.000Z", "temporalGranularity": "hourly",
}  # fmt: skip
WATT = {
    "data": [{"point_time": "2026-11-26T21:10:00+00:00", "value": 1000.0},
             {"point_time": "2026-11-26T21:15:00+00:00", "value": 870.5}],
    "meta": {"data_point_period_seconds": 300, "region": "CAISO_NORTH", "signal_type": "co2_moer",
             "units": "lbs_co2_per_mwh", "generated_at": "2026-11-26T21:10:00+00:00"},
}  # fmt: skip
GB_PATH, MAPS_PATH = "/intensity/2026-11-26T21:00Z/fw48h", "/v3/carbon-intensity/forecast"


def test_great_britain(server):
    server.answers[GB_PATH] = (200, GB)
    made = gb.fetch(ASKED)
    assert (made.zone, made.basis, made.kind, made.step_s) == ("GB", "average", "direct", 1800)
    assert made.values == (255, 250, 190, 120)  # an actual wins over what was forecast
    assert made.at(ASKED).value == 250
    assert [made.forecast(n) for n in range(4)] == [False, False, True, True]
    assert made.horizons_h[2:] == (0.3, 0.8)
    assert "CC BY" in made.at(ASKED + 1800).source


def test_electricity_maps_by_zone_and_by_a_clouds_region(server):
    server.answers[MAPS_PATH] = (200, MAPS)
    made = electricity_maps.fetch({"zone": "DE"})
    assert (made.zone, made.basis, made.kind, made.step_s) == ("DE", "average", "lifecycle", 3600)
    assert (made.values, made.horizons_h) == ((326, 297), (0.5, 1.5))
    electricity_maps.fetch({"dataCenterProvider": "aws", "dataCenterRegion": "eu-central-1"})
    (first, headers), (second, _) = server.asked
    assert "zone=DE" in first
    assert "emissionFactorType=lifecycle" in first
    assert "dataCenterRegion=eu-central-1" in second
    assert {name.lower(): value for name, value in headers.items()}["auth-token"] == SECRET
    assert SECRET not in first


def test_watttime_is_marginal_and_its_pounds_are_converted_and_said_to_be(server):
    server.answers |= {"/login": (200, {"token": "t0ken"}), "/v3/forecast": (200, WATT)}
    made = watttime.fetch("CAISO_NORTH")
    assert (made.zone, made.basis, made.kind, made.step_s) == ("CAISO_NORTH", "marginal", "direct", 300)
    assert made.values == pytest.approx((453.59237, 870.5 * 0.45359237))  # 1000 lb/MWh = 453.59237 kg/MWh
    assert "converted from lbs_co2_per_mwh" in made.source
    (login, basic), (path, bearer) = server.asked
    assert base64.b64decode(basic["Authorization"].removeprefix("Basic ")).decode() == f"ada:{SECRET}"
    assert bearer["Authorization"] == "Bearer t0ken"
    assert SECRET not in login + path


def fetches():
    return {
        GB_PATH: lambda: gb.fetch(ASKED),
        MAPS_PATH: lambda: electricity_maps.fetch({"zone": "DE"}),
        "/v3/forecast": lambda: watttime.fetch("CAISO_NORTH"),
        "/login": lambda: watttime.fetch("CAISO_NORTH"),
    }


@pytest.mark.parametrize("path", fetches())
@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (401, b"", "answered 401: the key or password is wrong"),
        (403, b"Forbidden " + SECRET.encode(), "answered 403: the key or password is wrong"),
        (404, b"", "answered 404: it does not know this zone"),
        (429, b"", "answered 429: too many requests"),
        (500, b"", "answered 500: try again later"),
        (302, b"", "answered 302"),
        (200, b"<html>", "answered with no JSON"),
        (200, b"[]", "another shape than documented"),
        (200, b"{}", "another shape than documented"),
        (200, {"data": 3, "meta": None, "zone": "DE", "forecast": 1}, "another shape than documented"),
    ],
)
def test_what_a_source_cannot_tell_is_an_error_with_a_remedy_and_without_the_key(server, path, status, body, reason):
    server.answers |= {"/login": (200, {"token": "t0ken"}), path: (status, body)}
    with pytest.raises(FeedError) as raised:
        fetches()[path]()
    assert reason in str(raised.value)
    for secret in (SECRET, "t0ken", base64.b64encode(f"ada:{SECRET}".encode()).decode()):
        assert secret not in str(raised.value)
    assert not any(asked == "/elsewhere" for asked, _ in server.asked)  # no redirect takes a key along


def change(answer, old, new):
    return json.loads(json.dumps(answer).replace(old, new))


@pytest.mark.parametrize(
    ("path", "answer", "reason"),
    [
        ("/v3/forecast", change(WATT, "lbs_co2_per_mwh", "kg_co2_per_mwh"), "told co2_moer in kg_co2_per_mwh"),
        ("/v3/forecast", change(WATT, "co2_moer", "health_damage"), "only co2_moer in lbs_co2_per_mwh"),
        ("/v3/forecast", change(WATT, "1000.0", "-3"), "not a carbon intensity"),
        ("/v3/forecast", change(WATT, "21:15:00+00:00", "21:15:00"), "not ISO 8601 with an offset"),
        ("/v3/forecast", change(WATT, "21:15:00", "21:10:00"), "not in order"),
        (MAPS_PATH, change(MAPS, "326", "null"), "another shape"),
        (MAPS_PATH, MAPS | {"forecast": MAPS["forecast"][:1]}, "told 1 values"),
        (GB_PATH, change(GB, "2026-11-26T21:00Z\", \"to", "2026-11-26T20:00Z\", \"to"), "another shape"),
        (GB_PATH, {"data": GB["data"][::-1]}, "not in order"),
        (GB_PATH, {"data": []}, "told 0 values"),
    ],
)  # fmt: skip
def test_wrong_units_orders_and_values_are_refused(server, path, answer, reason):
    server.answers |= {"/login": (200, {"token": "t0ken"}), path: (200, answer)}
    with pytest.raises(FeedError, match=reason):
        fetches()[path]()


def test_a_half_hour_that_is_missing_stays_a_gap(server):
    server.answers[GB_PATH] = (200, {"data": [*GB["data"][:2], GB["data"][3]]})
    with pytest.raises(LookupError, match="no row for"):
        gb.fetch(ASKED).at(ASKED + 1800)


def test_offline_and_without_keys(server, monkeypatch):
    server.http.shutdown()
    server.http.server_close()
    with pytest.raises(FeedError, match=r"cannot be reached .*--signal FILE"):
        gb.fetch(ASKED)
    monkeypatch.delenv(electricity_maps.KEY)
    monkeypatch.delenv(watttime.PASSWORD)
    with pytest.raises(FeedError, match="set ELECTRICITY_MAPS_API_KEY"):
        electricity_maps.fetch({"zone": "DE"})
    with pytest.raises(FeedError, match="set WATTTIME_USER and WATTTIME_PASSWORD"):
        watttime.fetch("CAISO_NORTH")


@pytest.mark.parametrize(
    ("asked", "path", "part"),
    [
        ({"place": "GB"}, GB_PATH, ""),
        ({"place": "eu-west-2"}, GB_PATH, ""),  # London
        ({"place": "Germany"}, MAPS_PATH, "zone=DE&"),
        ({"place": "eu-central-1"}, MAPS_PATH, "dataCenterProvider=aws&dataCenterRegion=eu-central-1&"),
        ({"place": "SE", "zone": "SE-SE3"}, MAPS_PATH, "zone=SE-SE3&"),
        ({"place": "GB", "source": "electricity-maps"}, MAPS_PATH, "zone=GB&"),
        ({"source": "watttime", "zone": "CAISO_NORTH"}, "/v3/forecast", "region=CAISO_NORTH&"),
    ],
)
def test_who_is_asked_for_a_place(server, tmp_path, asked, path, part):
    from jevons.cli.hours import choose
    from jevons.settings import Settings

    server.answers |= {GB_PATH: (200, GB), MAPS_PATH: (200, MAPS), "/login": (200, {"token": "t"})}
    server.answers |= {"/v3/forecast": (200, WATT)}
    rest = {"place": "", "file": None, "source": None, "zone": ""}
    chosen = choose(tmp_path, Settings(), ASKED, **(rest | asked))
    assert chosen.place == asked.get("place") or chosen.place == asked["zone"]
    last = server.asked[-1][0]
    assert last.startswith(path)
    assert part in last


def test_who_is_not_asked_for_what_it_cannot_know(server, tmp_path):
    from jevons.cli.hours import choose
    from jevons.settings import Settings

    for place, source, zone, reason in (
        ("Oz", "electricity-maps", "", "place 'Oz' is not known"),
        ("", "electricity-maps", "", "no place: name it"),
        ("DE", "watttime", "", "name it \\(--zone"),
        ("DE", "gb", "", "tells of Great Britain, not of DE"),
    ):
        with pytest.raises(FeedError, match=reason):
            choose(tmp_path, Settings(), ASKED, place=place, file=None, source=source, zone=zone)
    assert server.asked == []
