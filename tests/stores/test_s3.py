"""A ledger and a shelf on S3: what people see, how often it is asked, and what is said where it goes wrong."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from ledger.test_daily import ledger, one_run
from stores.conftest import BUCKET, Store
from stores.relay import Relay

from jevons.ledger.home import Home
from jevons.ledger.read import runs
from jevons.ledger.remote import place
from jevons.shelf.folder import Shelf

DOWN = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}
CALLS = 3 * 3 + 4 * 2
"""Of all that can be read: one run is in the file cut short; the torn line is a test's result."""


def listings(relay: Relay) -> int:
    """Pages of listings of folders with files in them; the others ask whether something is there."""
    return sum("list-type" in one and "max-keys=1&" not in one for one in relay.asked)


def read(relay: Relay) -> Counter[str]:
    """How often each file of a ledger's data was asked for."""
    return Counter(one for one in relay.asked if re.search(r"GET .*\.(jsonl|parquet)$", one))


def test_a_report_is_the_same_as_of_a_disk(store: Store, relay: Relay, local: Path, there: str, tmp_path: Path) -> None:
    here, far = (
        store.jevons(tmp_path, "report", "--run", ledger, "--by", "model", port=relay.port)
        for ledger in (str(local), there)
    )
    assert (far.returncode, far.stdout) == (0, here.stdout), far.stderr
    assert f"counted  {CALLS} calls" in far.stdout
    assert set(read(relay).values()) == {1}, "each file once"
    assert listings(relay) == 4, "spool and Parquet: to know the runs, to read them"


def test_so_are_calls(store: Store, local: Path, there: str, tmp_path: Path) -> None:
    here, far = (store.jevons(tmp_path, "calls", "--run", ledger) for ledger in (str(local), there))
    assert (far.returncode, far.stdout, far.stderr) == (0, here.stdout, here.stderr)
    assert "skipped 3 torn" in far.stderr
    assert len(far.stdout.splitlines()) == 1 + CALLS


def test_a_shared_ledger_and_a_day_of_it(store: Store, there: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.jevons]\nshared = '{there}'\n")
    asked = [("report", "--run", "2026-11-20"), ("report", "--run", f"{there}:2026-11-20"), ("calls", "--run", "all")]
    day, named, every = (store.jevons(tmp_path, *one) for one in asked)
    assert day.returncode == 0, day.stderr
    assert "counted  3 calls" in day.stdout
    assert day.stdout.splitlines()[0] == named.stdout.splitlines()[0]
    assert len(every.stdout.splitlines()) == 1 + CALLS


def test_more_spool_files_than_a_page_lists(store: Store, relay: Relay, tmp_path: Path) -> None:
    home = Home(ledger(tmp_path / ".jevons", [one_run(1)]))
    whole = [file.read_text() for file in home.spools()]
    for file in home.spools():
        file.unlink()
    for number in range(1_001):
        name = f"20261119T{number // 3600:02}{number // 60 % 60:02}{number % 60:02}-abcdef"
        (home.spool / f"{name}-0.jsonl").write_text("".join(whole).replace("20261119T000001-abcdef", name))
    there = store.put(home.path, "many/.jevons")
    done = store.jevons(tmp_path, "report", "--run", there, "--by", "model", port=relay.port)
    assert done.returncode == 0, done.stderr
    assert "counted  2,002 calls" in done.stdout
    assert (len(read(relay)), set(read(relay).values())) == (1_001, {1})
    assert listings(relay) == 2 * 2 + 2, "two pages of spool files, one look at Parquet; twice"
    assert len(relay.asked) < 1_001 + 30


@pytest.mark.parametrize(
    ("url", "keys", "said"),
    [
        ("s3://nosuch/.jevons", {}, "there is no bucket nosuch"),
        ("s3://team/nosuch", {}, "is no file or folder: name a .jevons folder"),
        ("s3://team/shop/.jevons", {"AWS_SECRET_ACCESS_KEY": "wrong"}, "refused (Forbidden): check the keys"),
        ("s3://team/shop/.jevons", DOWN, "check the address, the keys and the network"),
    ],
    ids=["no bucket", "nothing there", "wrong secret", "server down"],
)  # fmt: skip
def test_what_cannot_be_reached_says_why(
    store: Store, there: str, tmp_path: Path, url: str, keys: dict[str, str], said: str
) -> None:
    done = store.jevons(tmp_path, "report", "--run", url, **keys)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(rf"Error: {re.escape(url)}\b.*{re.escape(said)}.*\n", done.stderr), done.stderr


def test_a_server_that_falls_silent_or_dies_gives_no_smaller_total(
    store: Store, relay: Relay, there: str, tmp_path: Path
) -> None:
    """At a listing, at a spool file, at a Parquet file."""
    (tmp_path / "pyproject.toml").write_text(f"[tool.jevons]\nshared = '{there}'\n")
    asked = ("report", "--run", "2026", "--by", "model")
    assert store.jevons(tmp_path, *asked, port=relay.port).returncode == 0
    kinds = [r"prefix=shop%2F.jevons%2Fspool", r"GET .*jsonl", r"GET .*compact-.*parquet$"]
    first = [next(n for n, one in enumerate(relay.asked, 1) if re.search(kind, one)) for kind in kinds]
    assert len(set(first)) == len(kinds)

    def run(dies_at: int) -> str:
        ill = Relay(store.port)
        ill.dies_at, ill.silent = dies_at, dies_at == 0
        done = store.jevons(tmp_path, *asked, patience_s=3, port=ill.port)
        ill.close()
        assert (done.returncode, done.stdout) == (2, ""), done.stdout
        return done.stderr

    with ThreadPoolExecutor(4) as several:
        for said in several.map(run, [0, *first]):
            assert re.fullmatch(r"jevons: s3://team/shop/.jevons.*: check the .*network.*\n", said), said


def test_live_pages_say_that_the_store_is_gone(store: Store, relay: Relay, there: str, tmp_path: Path) -> None:
    for needed in ("uvicorn", "jinja2"):
        pytest.importorskip(needed, reason="live pages need the extras report and server")
    (tmp_path / "pyproject.toml").write_text(f"[tool.jevons]\nshared = '{there}'\n")
    serving = subprocess.Popen(
        [sys.executable, "-m", "jevons", "report", "--live", "--format", "json"],
        cwd=tmp_path, stdout=subprocess.PIPE, text=True, env=store.environment(relay.port, AWS_MAX_ATTEMPTS="1"),
    )  # fmt: skip
    try:
        assert serving.stdout
        url = json.loads(serving.stdout.readline())["url"]
        with urlopen(f"{url}/", timeout=60) as answer:
            assert b"a/b %[x]?" in answer.read()
        relay.close()
        with pytest.raises(HTTPError) as refused:
            urlopen(f"{url}/", timeout=60)
        assert refused.value.code == 503
        assert b"check the address, the keys and the network" in refused.value.read()
    finally:
        serving.terminate()
        serving.communicate()


def test_what_comes_while_one_looks_is_seen(store: Store, tmp_path: Path) -> None:
    folder = ledger(tmp_path / ".jevons", [one_run(1)])
    url = store.put(folder, "growing/.jevons")
    assert len(runs(Home(place(url)))) == 1
    (tmp_path / "later").mkdir()
    other = Home(ledger(tmp_path / "later" / ".jevons", [one_run(2)]))
    for file in other.spools():  # by another client: nothing that this process knows of
        store.files.__class__(skip_instance_cache=True).put(str(file), f"{BUCKET}/growing/.jevons/spool/{file.name}")
    assert len(runs(Home(place(url)))) == 2


def test_a_shelf(store: Store, tmp_path: Path) -> None:
    url = f"s3://{BUCKET}/shelf"
    add = ("shelf", "add", "--hours", "40", "--hardware", "A100", "--place", "FR", "--shelf", url)
    assert store.jevons(tmp_path, *add, "my-judge").returncode == 0
    assert [card.id for card in Shelf(url).cards()] == ["my-judge"]
    missing = store.jevons(tmp_path, *add[:-1], "s3://nosuch/shelf", "x")
    assert (missing.returncode, "there is no bucket nosuch" in missing.stderr) == (2, True)
    assert not store.files.exists("nosuch"), "a name that was mistyped makes no bucket"
    refused = store.jevons(tmp_path, "shelf", "list", "--shelf", url, AWS_SECRET_ACCESS_KEY="wrong")
    assert (refused.returncode, "refused" in refused.stderr, "Traceback" in refused.stderr) == (2, True, False)


def test_of_many_who_write_one_card_at_once_one_is_taken(store: Store) -> None:
    shelf = Shelf(f"s3://{BUCKET}/contested").place

    def write(number: int) -> bool:
        try:
            shelf.write("one.json", b"%d" % number, new=True)
        except FileExistsError:
            return False
        return True

    with ThreadPoolExecutor(8) as many:
        taken = list(many.map(write, range(8)))
    assert sum(taken) == 1
    assert shelf.read("one.json") == b"%d" % taken.index(True)
