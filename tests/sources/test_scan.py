"""Going through paths: order, processes, archives, several paths."""

from __future__ import annotations

import copy
import io
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from sources.one_exchange import CASSETTE, found

from jevons.record import Call
from jevons.sources.calls import Options
from jevons.sources.scan import scan


def cassette(text: str) -> bytes:
    document: Any = copy.deepcopy(CASSETTE)
    asked = document["interactions"][0]["request"]
    asked["body"] = asked["body"].replace("gpt-4o", text)
    return yaml.safe_dump(document).encode()


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    folder = tmp_path / "suite"
    for number in range(40):
        path = folder / "tests" / "cassettes" / f"test_{number % 7}" / f"test_{number:02}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cassette(f"model-{number % 5}"))
    (folder / "tests" / "cassettes" / "test_0" / "broken.yaml").write_bytes(b"interactions: [}")
    return folder


def test_several_processes_find_what_one_finds(suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["jevons.sources.scan"], "_BATCH", 4000)
    alone, scanned = found(suite, workers=1)
    together, as_well = found(suite, workers=2)
    assert len(alone) == 40
    assert together == alone
    assert as_well == scanned
    assert [call.source for call in alone] == sorted(call.source for call in alone)
    assert len({call.id for call in alone}) == 40
    assert len(scanned.warned) == 1


def test_repeats_are_those_asked_before_word_for_word(suite: Path) -> None:
    _, scanned = found(suite)
    assert sum(row.calls for row in scanned.rows.values()) == scanned.calls == 40
    assert sum(row.repeats for row in scanned.rows.values()) == 40 - 5
    assert len(scanned.tests) == 40


def packed(suite: Path, name: str) -> Path:
    """The suite as an archive of this name."""
    data = io.BytesIO()
    mode: Any = {"gz": "w:gz", "bz2": "w:bz2", "xz": "w:xz"}.get(name.rpartition(".")[2], "w")
    with tarfile.open(fileobj=data, mode=mode) as archive:
        archive.add(suite, arcname=suite.name)
    path = suite.parent / name
    if name.endswith("zst"):
        program = shutil.which("zstd")
        if program is None:
            pytest.skip("the zstd program is not installed")
        made = subprocess.run([program, "-q", "-19", "--long=27", "-c"], input=data.getvalue(), capture_output=True)
        path.write_bytes(made.stdout)
    else:
        path.write_bytes(data.getvalue())
    return path


@pytest.mark.parametrize(
    "name", ["suite.tar", "suite.tar.gz", "suite.tgz", "suite.tar.bz2", "suite.tar.xz", "suite.tar.zst"]
)
def test_an_archive_holds_what_its_folder_holds(name: str, suite: Path) -> None:
    def facts(calls: list[Call]) -> set[tuple[str, str, int | None]]:
        return {(call.source.removeprefix("suite/"), call.test, call.input_tokens) for call in calls}

    calls, scanned = found(packed(suite, name))
    assert facts(calls) == facts(found(suite)[0])
    assert len(scanned.warned) == 1


@pytest.mark.parametrize("without", [("compression.zstd",), ("compression.zstd", "zstandard")])
def test_zstd_by_whatever_is_there(without: tuple[str, ...], suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = packed(suite, "suite.tar.zst")
    for module in without:
        monkeypatch.setitem(sys.modules, module, None)
    assert len(found(path)[0]) == 40


def test_without_zstd_it_says_what_to_install(suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = packed(suite, "suite.tar.zst")
    for module in ("compression.zstd", "zstandard"):
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setenv("PATH", "")
    calls, scanned = found(path)
    assert calls == []
    assert "pip install zstandard" in scanned.warned[0].reason


def test_several_paths_keep_their_recordings_apart(suite: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(suite, other)
    calls: list[Call] = []
    scanned = scan([suite, other], Options("r", "k", b"s", False), root=suite, sink=calls.append)
    assert len(calls) == scanned.calls == 80
    assert len({call.source for call in calls}) == len({call.id for call in calls}) == 80
    assert {call.source.split("/")[0] for call in calls} == {"suite", "other"}


def test_tests_are_named_from_the_projects_root(suite: Path) -> None:
    for place in (suite, suite / "tests", suite / "tests" / "cassettes" / "test_3"):
        calls: list[Call] = []
        scan([place], Options("r", "k", b"s", False), root=suite, sink=calls.append)
        assert "tests/test_3.py::test_03" in {call.test for call in calls}


def test_archives_in_a_folder_are_named_and_not_opened(suite: Path) -> None:
    shutil.move(packed(suite, "suite.tar.gz"), suite / "old.tar.gz")
    calls, scanned = found(suite)
    assert len(calls) == 40
    assert scanned.archives == ["old.tar.gz"]
