"""Times as people write them: the zone's own clock, the hour that comes twice, the hour that never comes."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.cli.clock import duration, local, moment
from jevons.report.numbers import span

BERLIN = ZoneInfo("Europe/Berlin")


def unix(text):
    return int(datetime.fromisoformat(text).timestamp())


def told(text, after, zone=BERLIN, **more):
    return moment(text, unix(after), "--by", zone, **more)


@pytest.mark.parametrize(
    ("text", "seconds"), [("30m", 1800), ("2h", 7200), ("1h30m", 5400), ("1d", 86400), (" 90M ", 5400), ("1d1h", 90000)]
)
def test_durations(text, seconds):
    assert duration(text, "--duration") == seconds


@pytest.mark.parametrize("text", ["", "30", "0m", "-5m", "1.5h", "30s", "m", "30m1h", "half an hour", "9" * 20 + "d"])
def test_what_is_no_duration_is_named(text):
    with pytest.raises(click.BadParameter, match="write it as 30m, 2h, 1h30m or 1d"):
        duration(text, "--duration")


@given(st.integers(1, 10**6))
def test_spans_read_back(minutes):
    text = span(60 * minutes).replace(" min", "m").replace(" h", "h").replace(" d", "d").replace(" ", "")
    assert duration(text, "--duration") == 60 * minutes


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        ("08:00", "2026-11-26T21:12+01:00", "2026-11-27T08:00+01:00"),
        ("8:00", "2026-11-26T07:00+01:00", "2026-11-26T08:00+01:00"),
        ("08:00", "2026-11-26T08:00+01:00", "2026-11-27T08:00+01:00"),
        ("tomorrow 8:00", "2026-11-26T07:00+01:00", "2026-11-27T08:00+01:00"),
        ("Today 23:00", "2026-11-26T07:00+01:00", "2026-11-26T23:00+01:00"),
        ("2026-11-27T08:00", "2026-11-26T07:00+01:00", "2026-11-27T08:00+01:00"),
        ("2026-11-27 08:00", "2026-11-26T07:00+01:00", "2026-11-27T08:00+01:00"),
        ("2026-11-27T08:00-05:00", "2026-11-26T07:00+01:00", "2026-11-27T14:00+01:00"),
        ("2026-11-27T08:00Z", "2026-11-26T07:00+01:00", "2026-11-27T09:00+01:00"),
        # Over the night that clocks change it is still eight on the clock.
        ("08:00", "2026-03-28T21:00+01:00", "2026-03-29T08:00+02:00"),
        ("08:00", "2026-10-24T21:00+02:00", "2026-10-25T08:00+01:00"),
    ],
)
def test_moments(text, after, expected):
    found = told(text, after)
    assert (found.unix, found.note) == (unix(expected), "")


def test_an_hour_that_comes_twice_is_the_first_still_ahead_and_said_so():
    first = told("02:30", "2026-10-24T21:00+02:00")
    assert first.unix == unix("2026-10-25T02:30+02:00")
    assert "02:30 comes twice on 2026-10-25" in first.note
    assert "+02:00" in first.note
    second = told("02:30", "2026-10-25T02:45+02:00")
    assert second.unix == unix("2026-10-25T02:30+01:00")
    assert "+01:00" in second.note


def test_an_hour_that_the_clocks_skip_is_when_they_skip_it_and_said_so():
    found = told("02:30", "2026-03-28T21:00+01:00")
    assert found.unix == unix("2026-03-29T03:00+02:00")
    assert "the clocks skip 02:30 on 2026-03-29: taken is 03:00 +02:00" in found.note


@given(st.integers(0, 400 * 24 * 60), st.integers(0, 23), st.integers(0, 59))
def test_a_time_of_day_is_the_next_moment_at_which_the_clock_has_come_to_it(minute, hour, at):
    """Against a walk, minute by minute, over a year and its two changes."""
    after = unix("2026-01-01T00:00+00:00") + minute * 60
    found = moment(f"{hour:02d}:{at:02d}", after, "--by", BERLIN).unix
    walk = datetime.fromtimestamp(after, UTC)
    previous = walk.astimezone(BERLIN).replace(tzinfo=None)
    while True:
        walk += timedelta(minutes=1)
        now = walk.astimezone(BERLIN).replace(tzinfo=None)
        due = now.replace(hour=hour, minute=at)
        if now == due or previous < due < now:  # the second: skipped
            break
        previous = now
    assert found == walk.timestamp()


@pytest.mark.parametrize("text", ["", "26:00", "8", "08:60", "2026-13-01T08:00", "2026-11-27", "soon", "tomorrow"])
def test_what_is_no_time_is_named_with_the_remedy(text):
    with pytest.raises(click.BadParameter, match="is no time: write 08:00") as raised:
        told(text, "2026-11-26T07:00+01:00")
    assert repr(text) in str(raised.value)


@pytest.mark.parametrize("text", ["2026-11-25T08:00", "today 06:00"])
def test_what_is_past_is_told_with_the_time_it_is(text):
    with pytest.raises(click.BadParameter, match="is not after 2026-11-26 07:00 CET: name a later time"):
        told(text, "2026-11-26T07:00+01:00")
    assert told(text, "2026-11-26T07:00+01:00", past=True).unix < unix("2026-11-26T07:00+01:00")


def test_local_times_carry_their_offset():
    assert local(unix("2026-07-01T12:00+00:00"), BERLIN).isoformat() == "2026-07-01T14:00:00+02:00"
