"""Bad input: one clear line for what cannot be read, and the rest is read."""

from __future__ import annotations

import copy
import gzip
import io
import json
import os
import re
import tarfile
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sources.one_exchange import CASSETTE, found, is_it

from jevons.sources import archives, formats
from jevons.sources.batch import read
from jevons.sources.calls import Options
from jevons.sources.files import Item

GOOD = yaml.safe_dump(CASSETTE).encode()


def beside_a_good_one(tmp_path: Path, name: str, data: bytes, limit: int = 1 << 20) -> list[str]:
    """Warnings of a scan of this file and a sound one; the sound one must have been read."""
    folder = tmp_path / "cassettes"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(data)
    (folder / "zz_good.yaml").write_bytes(GOOD)
    calls, scanned = found(tmp_path, limit=limit)
    is_it(calls[-1])
    assert calls[-1].source == "cassettes/zz_good.yaml"
    return [str(one) for one in scanned.warned]


def by_name(value: object) -> str | None:
    """Of gzipped data, which holds the time of its packing, every worker would have an id of its own."""
    return "" if isinstance(value, bytes) else None


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("cut.json", json.dumps(CASSETTE).encode()[:-40], "no valid JSON"),
        ("deep.json", b'{"interactions": ' + b"[" * 200_000, "JSON|nested"),
        ("no.yaml", b"interactions: [}", "no valid YAML"),
        ("bomb.yaml", b"interactions:\n- &a [*a]\n", "aliases"),
        ("zeros.yaml", b"\0" * 5000, "binary"),
        ("zeros.yaml.gz", gzip.compress(b"\0" * (8 << 20)), "binary"),
        ("bomb.yaml.gz", gzip.compress(b"interactions:\n- request: " + b"a" * (8 << 20)), "unpacks to more than 1 MB"),
        ("cut.yaml.gz", b"\x1f\x8bnothing", "gzip"),
        ("large.yaml", b"interactions:\n" + b"# x\n" * (1 << 19), "larger than 1 MB"),
        ("list.yaml", b"interactions:\n- 3\n", "record 0"),
        ("nothing.yaml", b"interactions:\n- request: {method: POST}\n  response: {}\n", "no address"),
        ("address.yaml", b"interactions:\n- request: {method: POST, uri: 'http://[x'}\n  response: {}\n", "address"),
    ],
    ids=by_name,
)
def test_one_line_says_what_is_wrong_and_the_rest_is_read(name: str, data: bytes, says: str, tmp_path: Path) -> None:
    (line,) = beside_a_good_one(tmp_path, name, data)
    assert line.startswith(f"cassettes/{name}")
    assert "\n" not in line
    assert re.search(says, line), line


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("zeros.yaml.gz", gzip.compress(b"\0" * (8 << 20)), "binary"),
        ("bomb.yaml.gz", gzip.compress(b"interactions:\n- request: " + b"a" * (8 << 20)), "unpacks to more than 1 MB"),
        ("large.yaml", b"interactions:\n" + b"# x\n" * (1 << 19), "larger than 1 MB"),
    ],
    ids=by_name,
)
def test_what_says_that_it_is_a_recording_is_named_in_any_folder(
    name: str, data: bytes, says: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(data)
    _, scanned = found(tmp_path, limit=1 << 20)
    (line,) = map(str, scanned.warned)
    assert line.startswith(name)
    assert says in line


def test_a_key_that_holds_nothing_beside_one_that_does(tmp_path: Path) -> None:
    """Found by fuzzing: a cassette with the keys of two libraries, one of them empty."""
    two = b"interactions:\nhttp_interactions:\n" + yaml.safe_dump(CASSETTE["interactions"]).encode()
    assert beside_a_good_one(tmp_path, "two.yaml", two) == []
    calls, _ = found(tmp_path)
    assert sum(call.source == "cassettes/two.yaml" for call in calls) == len(CASSETTE["interactions"])


def test_what_precedes_the_break_of_a_cassette_is_read(tmp_path: Path) -> None:
    document = copy.deepcopy(CASSETTE)
    document["interactions"] *= 3  # type: ignore[operator]
    path = tmp_path / "tape.yaml"
    dumped = yaml.dump(document, Dumper=NoAliases)
    path.write_text(dumped[: dumped.rfind("usage")])
    calls, scanned = found(path)
    assert [call.index for call in calls] == [0, 1]
    (warned,) = scanned.warned
    assert (warned.file, warned.record) == ("tape.yaml", 2)
    assert "no valid YAML" in warned.reason


class NoAliases(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


@pytest.mark.parametrize("number", [-5, 10**17, "17", 1e300])
def test_a_count_that_is_none_is_named_and_not_taken(number: object, tmp_path: Path) -> None:
    document = copy.deepcopy(CASSETTE)
    given: Any = document["interactions"][0]["response"]  # type: ignore[index]
    answer = json.loads(given["body"]["string"])
    answer["usage"] = {"prompt_tokens": number, "completion_tokens": number, "total_tokens": number}
    given["body"]["string"] = json.dumps(answer)
    (tmp_path / "tape.yaml").write_text(yaml.safe_dump(document))
    (call,), scanned = found(tmp_path)
    assert call.usage == "estimated"
    assert 0 < (call.input_tokens or 0) < 100
    (line,) = map(str, scanned.warned)
    assert line.startswith("tape.yaml, record 0: shows a token count that is none")


def test_a_compressed_body_that_is_a_bomb_is_one_broken_record(tmp_path: Path) -> None:
    document = copy.deepcopy(CASSETTE)
    bomb = copy.deepcopy(document["interactions"][0])  # type: ignore[index]
    bomb["response"]["body"]["string"] = gzip.compress(b" " * (16 << 20))
    document["interactions"].insert(0, bomb)  # type: ignore[attr-defined]
    (tmp_path / "tape.yaml").write_text(yaml.safe_dump(document))
    (call,), scanned = found(tmp_path, limit=1 << 20)
    assert call.index == 1
    assert [one.record for one in scanned.warned] == [0]


def test_two_gigabytes_of_nothing_cost_nothing(tmp_path: Path) -> None:
    with (tmp_path / "huge.yaml").open("wb") as file:
        file.truncate(2 << 30)
    (tmp_path / "huge.json").write_bytes(b"")
    os.truncate(tmp_path / "huge.json", 2 << 30)
    (tmp_path / "good.yaml").write_bytes(GOOD)
    tracemalloc.start()
    calls, scanned = found(tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(calls) == 1
    assert [one.file for one in scanned.warned] == ["huge.yaml"]
    assert peak < 32 << 20


def test_other_files_are_no_cause_for_a_warning(tmp_path: Path) -> None:
    (tmp_path / "tsconfig.json").write_text("{ // comment\n}")
    (tmp_path / "values.yaml").write_text("a: {{ .Values.x }}\nmessages:\n  - *b\n")
    (tmp_path / "data.bin").write_bytes(os.urandom(4000))
    (tmp_path / "empty.yaml").write_bytes(b"")
    (tmp_path / "package.json").write_text('{"entries": [], "request": 3}')
    calls, scanned = found(tmp_path)
    assert (calls, scanned.warned, scanned.recordings) == ([], [], 0)


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.yaml").write_bytes(GOOD)
    inside = tmp_path / "inside"
    inside.mkdir()
    try:
        (inside / "file.yaml").symlink_to(outside / "secret.yaml")
        (inside / "folder").symlink_to(outside, target_is_directory=True)
        (inside / "loop").symlink_to(inside, target_is_directory=True)
    except OSError:
        pytest.skip("this system makes no links")
    assert found(inside)[0] == []


@pytest.mark.parametrize("folder", [".git", "node_modules", "venv", "lib/site-packages", "env"])
def test_folders_of_tools_are_not_entered(folder: str, tmp_path: Path) -> None:
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / folder / "a.yaml").write_bytes(GOOD)
    if folder == "env":
        (tmp_path / folder / "pyvenv.cfg").write_text("home = /usr")
    assert found(tmp_path)[0] == []


def member(archive: tarfile.TarFile, name: str, data: bytes = b"", **fields: Any) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for field, value in fields.items():
        setattr(info, field, value)
    archive.addfile(info, io.BytesIO(data))


def test_an_archive_cannot_reach_outside(tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_bytes(GOOD)
    path = tmp_path / "a.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        member(archive, "../evil.yaml", GOOD)
        member(archive, "/etc/evil.yaml", GOOD)
        member(archive, "link.yaml", type=tarfile.SYMTYPE, linkname=str(tmp_path / "outside.yaml"))
        member(archive, "hard.yaml", type=tarfile.LNKTYPE, linkname="../outside.yaml")
        member(archive, "device", type=tarfile.CHRTYPE)
        member(archive, "node_modules/x.yaml", GOOD)
        member(archive, "a/cassettes/test_x/test_y.yaml", GOOD)
    before = sorted(tmp_path.rglob("*"))
    calls, scanned = found(path)
    assert [(call.source, call.test) for call in calls] == [("a/cassettes/test_x/test_y.yaml", "test_x.py::test_y")]
    assert [(one.file, one.reason.split(":")[0]) for one in scanned.warned] == [
        ("../evil.yaml", "points outside the archive"),
        ("/etc/evil.yaml", "points outside the archive"),
    ]
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("cut", [10, 600, -30])
def test_what_precedes_the_break_of_an_archive_is_read(cut: int, tmp_path: Path) -> None:
    path = tmp_path / "a.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        member(archive, "good.yaml", GOOD)
        member(archive, "noise.yaml", os.urandom(4000))
    whole = path.read_bytes()
    path.write_bytes(whole[:cut])
    calls, scanned = found(path)
    assert len(scanned.warned) >= 1
    assert "a.tar.gz" in {one.file for one in scanned.warned}
    assert len(calls) <= 1


def test_an_archive_that_is_a_bomb_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_RATIO_FROM", 1 << 20)
    path = tmp_path / "a.tar.gz"
    with gzip.open(path, "wb", compresslevel=9) as file:
        info = tarfile.TarInfo("zeros.bin")
        info.size = 64 << 20
        file.write(info.tobuf())
        for _ in range(64):
            file.write(bytes(1 << 20))
    _, scanned = found(path)
    assert ["times its size" in one.reason for one in scanned.warned] == [True]


def test_a_file_that_is_no_recording_but_was_named(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    _, scanned = found(path)
    assert "holds no recording" in scanned.warned[0].reason


OPTIONS = Options("r", "k", b"s", False, 1 << 20)
KEYS = st.sampled_from(
    ["interactions", "request", "response", "requests", "responses", "method", "uri", "url", "body", "string",
     "status", "headers", "code", "log", "entries", "scope", "path", "is_streaming", "parsed_body", "__data__",
     "messages", "type", "recorded_at", "duration", "exception_data", "is_exception", "content", "text",
     "rawHeaders", "test_id",
     "version"]
)  # fmt: skip
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("POST")
    | st.just("https://api.openai.com/v1/chat/completions") | st.just("vertexai:///generate_content")
)  # fmt: skip
TREES: Any = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=25)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TREES, st.sampled_from(["interactions", "log", "requests", "request", "list"]))
def test_no_document_makes_a_reader_raise(tree: Any, top: str) -> None:
    document = tree if top == "list" else {top: tree, "response": tree, "responses": tree}
    data = json.dumps(document).encode()
    read([Item("cassettes/a.json", "cassettes/a.json", data=data, size=len(data))], OPTIONS)
    for module in formats.FORMATS:
        if module.holds(document):
            list(module.read(document))


@settings(max_examples=300)
@given(st.binary(max_size=300), st.integers(0, len(GOOD)), st.integers(0, 40))
def test_no_bytes_make_a_scan_raise(noise: bytes, at: int, gone: int) -> None:
    data = GOOD[:at] + noise + GOOD[at + gone :]
    done = read([Item("cassettes/a.yaml", "cassettes/a.yaml", data=data, size=len(data))], OPTIONS)
    assert all("\n" not in str(one) for one in done.warned)
