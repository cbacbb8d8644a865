"""A ledger at a URL says what it says on a disk."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ledger.test_compact import named, now
from ledger.test_daily import ledger, one_run

pytest.importorskip("duckdb", reason="Parquet needs the extra report")
fsspec: Any = pytest.importorskip("fsspec", reason="a ledger at a URL needs the extra shelf")

from jevons.cli import main  # noqa: E402
from jevons.ledger import near  # noqa: E402
from jevons.ledger.gather import gather  # noqa: E402
from jevons.ledger.home import Home  # noqa: E402
from jevons.ledger.read import read, runs  # noqa: E402
from jevons.ledger.remote import Remote, RemoteError, place  # noqa: E402
from jevons.ledger.spans import Span, SpanError, pick  # noqa: E402


@pytest.fixture
def local(tmp_path: Path) -> Path:
    """Runs in Parquet, of a project whose name has signs of URLs, one of them in the spool, too, and one there alone;
    a Parquet file that another tool wrote, and one that is broken."""
    home = Home(ledger(tmp_path / ".jevons", named([one_run(1), one_run(2)], "a/b %[x]?")))
    now(home, grace_s=600)
    ledger(home.path, named([one_run(2), one_run(3, day=1)], "a/b %[x]?"))
    (home.path / "parquet" / "broken.parquet").write_bytes(b"PAR1")
    return home.path


@pytest.fixture
def url(local: Path) -> Iterator[str]:
    """The same in memory: an object store of fsspec's."""
    store, top = fsspec.filesystem("memory"), "memory://bucket/team/.jevons"
    for file in local.rglob("*"):
        if file.is_file():
            store.pipe_file(f"{top}/{file.relative_to(local).as_posix()}", file.read_bytes())
    yield top
    store.rm(top, recursive=True)


def test_runs_calls_and_cells_are_the_same(local: Path, url: str) -> None:
    here, there = Home(local), Home(place(url))
    assert sorted(run.id for run in runs(there)) == sorted(run.id for run in runs(here))
    assert len(runs(there)) == 3
    assert read(there) == read(here)
    span = Span("all", runs(here), 0, 0)
    found, torn = gather([there], span)
    assert (found, torn) == gather([here], span)
    assert (len(found), torn) == (3, 1)


def test_files_come_in_pieces(local: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several to a file, few at a time: a whole number of them, or not."""
    for piece, size in ((100, 1000), (1, 7), (4000, 1)):
        monkeypatch.setattr(near, "_PIECE", piece)
        monkeypatch.setattr(near, "_BYTES", size)
        near._held.clear()
        top = place(url)
        assert isinstance(top, Remote)
        files = list(top.below())
        assert files
        for file in files:
            there = local / str(file).removeprefix(f"{url}/")
            assert file.open().read() == there.read_bytes(), file


def test_a_span_names_it(local: Path, url: str) -> None:
    for text, many in ((url, 3), (f"{url}:2026-11-19", 2), (local.as_uri(), 3)):
        span = pick([], text)
        assert len(span.runs) == many
        assert gather([], span)[0] == gather([Home(local)], span)[0]


def test_a_ledger_without_a_spool_is_one(url: str) -> None:
    fsspec.filesystem("memory").rm(f"{url}/spool", recursive=True)
    assert len(pick([], url).runs) == 2


def test_reports_read_it_as_the_shared_ledger(
    tmp_path: Path, local: Path, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = []
    (tmp_path / "elsewhere").mkdir()
    for shared in (str(local), url):
        monkeypatch.chdir(tmp_path / "elsewhere")
        monkeypatch.setenv("JEVONS_SHARED", shared)
        monkeypatch.setenv("JEVONS_DIR", "none")
        with pytest.raises(SystemExit) as left:
            main(["report", "--run", "2026", "--format", "json"])
        assert left.value.code == 0
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]


def test_what_cannot_be_reached_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SpanError, match="memory://bucket/other is no file or folder"):
        pick([], "memory://bucket/other")
    with pytest.raises(SpanError, match="nosuch"):
        pick([], "nosuch://bucket/x:2026")
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(RemoteError, match=r"pip install 'jevons\[shelf\]'"):
        place("memory://bucket/x")
