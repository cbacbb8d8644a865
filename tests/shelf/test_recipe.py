"""The same training has the same recipe: by content, wherever it lies."""

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jevons.shelf.recipe import FILE, FOLDER, content, recipe

NAMES = st.text("abc", min_size=1, max_size=3)
FILES = st.dictionaries(NAMES, st.binary(max_size=5), max_size=4)
CMD = ["python", "-m", "train"]
each = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)


def folder(root, files):
    root.mkdir(parents=True)
    for name, data in files.items():
        (root / name).write_bytes(data)
    return root


@pytest.fixture
def fresh(tmp_path):
    made = iter(range(10**6))
    return lambda files: folder(tmp_path / str(next(made)), files)


@each
@given(FILES, FILES)
def test_a_folder_is_its_files_by_name(fresh, one, other):
    assert (content(fresh(one)) == content(fresh(other))) == (one == other)


@each
@given(st.lists(st.binary(max_size=3), min_size=1, max_size=4), st.randoms())
def test_data_counts_by_content_not_by_name_or_order(fresh, data, random):
    one = fresh({f"a{place}": part for place, part in enumerate(data)})
    paths = sorted(one.iterdir())
    shuffled = random.sample(data, len(data))
    other = fresh({f"b{place}": part for place, part in enumerate(shuffled)})
    before = recipe(CMD, paths)
    assert before == recipe(CMD, list(other.iterdir()))
    paths[0].write_bytes(data[0] + b"!")
    assert recipe(CMD, paths).differs(str(before)) == ["data"]


@given(st.lists(NAMES, min_size=1, max_size=4), st.lists(NAMES, min_size=1, max_size=4))
def test_words_do_not_run_together(one, other):
    assert (recipe(["x", *one], []) == recipe(["x", *other], [])) == (one == other)


def test_each_part_counts_for_itself(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("data", "config", "train.py"):
        Path(name).write_text(name, encoding="utf-8")
    base = recipe(["python", "train.py"], [Path("data")], [Path("config")], ["bloom"])
    assert base.differs(str(base)) == []
    assert base.differs("") == []
    assert recipe(["/opt/bin/python", "train.py"], [Path("data")], [Path("config")], ["bloom"]) == base
    assert base.differs(str(recipe(["python", "train.py"], [Path("config")], [Path("data")]))) == [
        "data",
        "config",
        "base",
    ]
    Path("train.py").write_text("another", encoding="utf-8")
    again = recipe(["python", "train.py"], [Path("data")], [Path("config")], ["bloom"])
    assert again.differs(str(base)) == ["command"]


@pytest.mark.skipif(os.name == "nt", reason="scripts of POSIX")
def test_a_script_that_names_its_interpreter_counts_by_content(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("train.sh").write_text("#!/bin/sh\n", encoding="utf-8")
    Path("data").write_text("1", encoding="utf-8")
    before = recipe(["./train.sh", "data"], [])
    Path("data").write_text("2", encoding="utf-8")
    assert recipe(["./train.sh", "data"], []) == before
    Path("train.sh").write_text("#!/bin/sh\ntrue\n", encoding="utf-8")
    assert recipe(["./train.sh", "data"], []) != before


def test_hashes_are_those_that_others_compute(tmp_path):
    (tmp_path / "weights").write_bytes(b"\x00" * 3_000_000)
    assert content(tmp_path / "weights") == {FILE: hashlib.sha256(b"\x00" * 3_000_000).hexdigest()}
    assert list(content(tmp_path)) == [FOLDER]
    with pytest.raises(FileNotFoundError):
        content(tmp_path / "nowhere")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_a_pipe_is_refused_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(OSError, match="neither a file nor a folder"):
            content(path)
