"""Hourly signals: read back at any moment; bases never mixed; what is wrong is told with its row."""

import gzip

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jevons.factors.signal import COLUMNS, SignalError, read_signal

HEAD = ",".join(COLUMNS)
START = 1735689600  # 2025-01-01T00:00:00Z
GOOD = [f"2025-01-01T0{hour}:00:00Z,{value},gCO2e/kWh,average,lifecycle,{told},SE,our utility"
        for hour, value, told in ((0, 30, "false"), (1, 0, "true"), (2, 50, "false"), (5, 20, "false"))]  # fmt: skip


def write(tmp_path, *rows, head=HEAD, packed=False):
    path = tmp_path / ("signal.csv.gz" if packed else "signal.csv")
    data = "\n".join([head, *rows]).encode()
    path.write_bytes(gzip.compress(data) if packed else data)
    return path


@pytest.mark.parametrize("packed", [False, True])
def test_the_figure_of_a_moment(tmp_path, packed):
    signal = read_signal(write(tmp_path, *GOOD, packed=packed))
    for seconds, value in ((0, 30), (3599, 30), (3600, 0), (7200, 50), (5 * 3600 + 1800, 20)):
        found = signal.at(START + seconds)
        assert found.value == value
        assert found.low <= found.value < found.high
        assert (found.name, found.unit, found.place, found.year) == ("grid", "gCO2e/kWh", "SE", 2025)
        assert "average, lifecycle" in found.scope
        assert found.source == "our utility"
    assert "estimated" in signal.at(START + 3600).note
    assert not signal.at(START).note
    for outside in (-1, 3 * 3600, 6 * 3600):  # before, in the gap, after
        with pytest.raises(LookupError, match="no row for"):
            signal.at(START + outside)


def test_a_marginal_signal_is_no_average(tmp_path):
    signal = read_signal(write(tmp_path, *(row.replace("average", "marginal") for row in GOOD)))
    assert signal.at(START).name == "grid_operating"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("average", "marginal", "basis 'marginal' after 'average'; put each in a file of its own"),
        ("lifecycle", "direct", "kind 'direct' after 'lifecycle'"),
        ("SE", "NO", "zone 'NO' after 'SE'"),
        ("our utility", "another", "source 'another' after"),
        ("our utility", "", "no source"),
        ("gCO2e/kWh", "kg/MWh", "unit 'kg/MWh'; one of gCO2e/kWh"),
        ("average", "mean", "basis 'mean'; one of average, marginal"),
        ("false", "maybe", "estimated 'maybe'"),
        (",50,", ",-1,", "value '-1'"),
        (",50,", ",nan,", "value 'nan'"),
        (",50,", ",,", "value ''"),
        ("02:00:00Z", "02:00:00", "write it as 2025-01-31T13:00:00Z"),
        ("02:00:00Z", "00:30:00Z", "is not after the row before"),
        ("02:00:00Z", "01:00:00Z", "is not after the row before"),
        (",our utility", "", "not as many cells as columns"),
    ],
)
def test_a_fault_is_told_with_its_row(tmp_path, old, new, reason):
    path = write(tmp_path, *GOOD[:2], GOOD[2].replace(old, new), GOOD[3])
    with pytest.raises(SignalError) as raised:
        read_signal(path)
    assert str(raised.value).startswith(f"{path}, row 4: ")
    assert reason in str(raised.value)


def test_what_is_no_signal_file(tmp_path):
    with pytest.raises(SignalError, match="no column zone"):
        read_signal(write(tmp_path, head=",".join(name for name in COLUMNS if name != "zone")))
    with pytest.raises(SignalError, match="1 rows; two at least"):
        read_signal(write(tmp_path, GOOD[0]))
    with pytest.raises(SignalError, match="cannot be read"):
        read_signal(tmp_path / "absent.csv")
    path = write(tmp_path, *GOOD, packed=True)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(SignalError, match="gzip"):
        read_signal(path)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(0, 2000), min_size=2, max_size=50), st.integers(1, 7200))
def test_every_row_comes_back_through_its_whole_step(tmp_path, values, step):
    from datetime import UTC, datetime

    rows = [
        f"{datetime.fromtimestamp(START + number * step, UTC).isoformat()},{value!r},{GOOD[0].split(',', 2)[2]}"
        for number, value in enumerate(values)
    ]
    signal = read_signal(write(tmp_path, *rows))
    for number, value in enumerate(values):
        for moment in (0, step - 1):
            assert signal.at(START + number * step + moment).value == value


def test_the_hour_that_comes_twice_is_two_hours_where_starts_carry_their_offset(tmp_path):
    rest = GOOD[0].split(",", 1)[1]
    starts = ("2025-10-26T01:00+02:00", "2025-10-26T02:00+02:00", "2025-10-26T02:00+01:00", "2025-10-26T03:00+01:00")
    signal = read_signal(write(tmp_path, *(f"{start},{rest}" for start in starts)))
    assert [later - signal.starts[0] for later in signal.starts] == [0, 3600, 7200, 10800]
    assert signal.step_s == 3600
    with pytest.raises(SignalError, match="row 4: 2025-10-26T02:00Z is not after the row before"):
        read_signal(write(tmp_path, *(f"{start[:-6]}Z,{rest}" for start in starts)))


def test_how_far_ahead_a_value_was_told(tmp_path):
    cells = ["0", "1.5", "", "24"]
    path = write(tmp_path, *(f"{row},{cell}" for row, cell in zip(GOOD, cells, strict=True)), head=f"{HEAD},horizon_h")
    signal = read_signal(path)
    assert signal.horizons_h == (0, 1.5, None, 24)
    assert [signal.forecast(number) for number in range(4)] == [False, True, False, True]
    assert signal.at(START + 3600).note == "estimated by the source; forecast 1.5 h ahead"
    assert not read_signal(write(tmp_path, *GOOD)).horizons_h
    for cell in ("-1", "nan", "soon"):
        with pytest.raises(SignalError, match=f"row 2: horizon_h '{cell}'; hours from 0"):
            read_signal(write(tmp_path, *(f"{row},{cell}" for row in GOOD), head=f"{HEAD},horizon_h"))
