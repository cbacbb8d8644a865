"""Whatever befalls the store, calls go out or fail loudly, as asked: never a wrong answer, never half of one."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import textwrap
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cut.kept import direct, one_answer, replaying
from providers import provider

from jevons.capture.interceptor import Answer
from jevons.cut.replay import Replay, ReplayMiss
from jevons.cut.replay.replay import _temperature
from jevons.cut.replay.request import Request, request
from jevons.cut.replay.store import REDACTED, DamagedError, Recording, Store, answer_of

__all__ = ["direct"]
pytestmark = pytest.mark.usefixtures("direct")

POSIX = pytest.mark.skipif(os.name == "nt", reason="permissions, limits and signals of POSIX")
ASKED: dict[str, Any] = {"model": "fake-1", "messages": [{"role": "user", "content": "hello"}]}
CHAT = "/v1/chat/completions"


def ask(url: str, asked: Any = None, path: str = CHAT, **headers: str) -> bytes:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return opener.open(urllib.request.Request(url + path, json.dumps(asked or ASKED).encode(), headers)).read()


def made(text: str = "hello", **more: Any) -> Request:
    body = json.dumps({"model": "m", "input": text} | more).encode()
    one = request("POST", "api.openai.com", 443, "/v1/embeddings", {"content-type": "application/json"}, body)
    assert one is not None
    return one


ANSWER = Answer(
    200, (("Content-Type", "application/json"), ("X-Request-Id", "req_1")), (b'{"data": [1, "caf\xc3', b'\xa9"]}')
)
NOW_US = 1_790_000_000_000_000


def kept(folder: Path, answer: Answer = ANSWER, asked: Request | None = None, *rules: str) -> tuple[Store, Path]:
    store, asked = Store(folder, rules), asked or made()
    assert store.put(asked, answer, NOW_US) == ""
    return store, store.path(asked.key)


@pytest.mark.parametrize(
    "pieces", [(), (b"",), (b"{}",), (b"a\r\n", b"", b"\x00\n"), (bytes(range(256)), b"x"), ("é".encode() * 999,)]
)
def test_what_is_kept_comes_back(pieces: tuple[bytes, ...], tmp_path: Path) -> None:
    answer = Answer(201, (("A", "1"), ("a", "2"), ("B", "é")), pieces)
    store, _ = kept(tmp_path, answer)
    found = store.get(made().key)
    assert found is not None
    assert answer_of(found) == answer
    assert store.get(made("other").key) is None


# -- damage -------------------------------------------------------------------------------------------


def _truth(store: Store) -> Answer | None:
    try:
        found = store.get(made().key)
    except DamagedError:
        return None
    return None if found is None else answer_of(found)


def test_every_truncation_is_seen(tmp_path: Path) -> None:
    store, path = kept(tmp_path)
    data = path.read_bytes()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        assert _truth(store) is None, length
    path.write_bytes(data)
    assert _truth(store) == ANSWER


@pytest.mark.slow
def test_a_flipped_bit_never_changes_an_answer(tmp_path: Path) -> None:
    """Every bit of a recording: the answer is the same, or there is none. It is the same only where a bit of what is
    shown of the request has gone, which says nothing."""
    store, path = kept(tmp_path)
    data = path.read_bytes()
    same = 0
    for place in range(len(data)):
        for bit in range(8):
            path.write_bytes(data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :])
            found = _truth(store)
            assert found in (None, ANSWER), (place, bit)
            same += found is not None
    assert same < 0.25 * 8 * len(data)


def test_other_peoples_files(tmp_path: Path) -> None:
    """A recording under another's name, two parts of two, one of another version, a folder."""
    store, path = kept(tmp_path)
    _, other = kept(tmp_path, Answer(200, (), (b"another",)), made("other"))
    mine, theirs = (json.loads(one.read_bytes()) for one in (path, other))
    for fake in (
        theirs,
        mine | {"pieces": theirs["pieces"]},
        theirs | {"key": mine["key"]},
        mine | {"recorded_us": NOW_US + 1},
        mine | {"status": 201},
        mine | {"schema": "jevons.replay/0"},
        mine | {"schema": "jevons.replay/2", "new": 1},
        {name: value for name, value in mine.items() if name != "headers"},
        {"schema": "jevons.replay/2"},
        [],
    ):
        path.write_text(json.dumps(fake), encoding="utf-8")
        with pytest.raises(DamagedError, match=str(path)):
            store.get(mine["key"])
    path.unlink()
    path.mkdir()
    with pytest.raises(DamagedError):
        store.get(mine["key"])


def _emptied(folder: Path) -> None:
    for path in Store(folder).recordings():
        path.write_bytes(b"")


def _torn(folder: Path) -> None:
    for path in Store(folder).recordings():
        path.write_bytes(path.read_bytes()[:-20])


def _newer(folder: Path) -> None:
    for path in Store(folder).recordings():
        path.write_bytes(path.read_bytes().replace(b"jevons.replay/1", b"jevons.replay/2"))


def _removed(folder: Path) -> None:
    shutil.rmtree(folder)


def _a_file(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("in the way")


def _locked_away(folder: Path) -> None:
    for path in (*sorted(folder.rglob("*"), reverse=True), folder):
        path.chmod(0)


def _read_only(folder: Path) -> None:
    for path in (*sorted(folder.rglob("*"), reverse=True), folder):
        path.chmod(0o500)


DAMAGES: list[Callable[[Path], None]] = [_emptied, _torn, _newer, _removed, _a_file, _locked_away, _read_only]


@POSIX
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("mode", ["none", "once", "new_episodes", "all"])
def test_calls_go_out_or_fail_loudly(mode: str, damage: Callable[[Path], None], tmp_path: Path) -> None:
    """In mid-run: the answer is the right one, from wherever it comes, or a miss that says why."""
    as_nobody = damage in (_locked_away, _read_only) and os.geteuid() == 0  # root may read and write everything
    if as_nobody and not shutil.which("setpriv"):
        pytest.skip("no program to drop root's rights with")
    folder = tmp_path / "store"
    script = textwrap.dedent(
        """
        import os, sys, json
        sys.path.insert(0, sys.argv[1])
        import cut.test_replay_store as t
        from pathlib import Path
        mode, damage, folder, url = sys.argv[2:]
        live = t.ask(url)
        with t.replaying(Path(folder)): assert t.ask(url) == live
        getattr(t, damage)(Path(folder))
        said = ""
        with t.replaying(Path(folder), mode, new=False) as (made, _):
            try: assert t.ask(url) == live, "a wrong answer"
            except t.ReplayMiss as miss: said = str(miss)
            if mode in ("new_episodes", "all"):
                assert t.ask(url) == live
        print(json.dumps([said, made.done.replayed, made.done.recorded, made.done.failed, made.done.damaged]))
        """
    )
    tmp_path.chmod(0o777)
    command = [sys.executable, "-c", script, str(Path(__file__).parents[1]), mode, damage.__name__, str(folder)]
    if as_nobody:
        parents = list(tmp_path.parents)[:3]
        for parent in parents:
            parent.chmod(parent.stat().st_mode | 0o755)
        nobody = ["setpriv", "--reuid=65534", "--clear-groups", "--regid=65534"]
        if subprocess.run([*nobody, sys.executable, "-c", ""], capture_output=True).returncode:
            pytest.skip(f"who has no rights cannot run {sys.executable}")
        command = [*nobody, *command]
    with provider() as server:
        run = subprocess.run([*command, server.url], capture_output=True, text=True)
        for path in (folder, *folder.rglob("*")) if folder.exists() else ():
            path.chmod(0o755)
        assert run.returncode == 0, run.stderr[-2_000:]
        said, replayed, recorded, failed, damaged = json.loads(run.stdout)
        live = len(server.requests) - 2
    writable = damage in (_emptied, _torn, _newer, _removed)
    if mode in ("none", "once") and damage is not _read_only:
        assert (replayed, recorded, live) == (0, 0, 0)
        assert "this call was not sent" in said
        assert ("cannot be used" in said) == (damage is not _removed)
        assert bool(damaged) == (damage is not _removed)
    elif damage is _read_only and mode != "all":
        assert (said, live) == ("", 0)
        assert replayed > 0
    elif mode == "all":
        assert (replayed, live) == (0, 2)
        assert recorded == (2 if writable else 0)
        assert bool(failed) == (not writable)
    else:
        assert (replayed, recorded, live) == ((1, 1, 1) if writable else (0, 0, 2))
        assert bool(failed) == (not writable)


@POSIX
def test_a_full_disk(tmp_path: Path) -> None:
    """No half recording, nothing left behind, and the program gets its answer."""
    script = textwrap.dedent(
        """
        import resource, signal, sys, json
        sys.path.insert(0, sys.argv[1])
        import cut.test_replay_store as t
        from pathlib import Path
        folder, url = Path(sys.argv[2]), sys.argv[3]
        live = t.ask(url)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        for limit in (10, 600):
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
            with t.replaying(folder) as (made, _):
                for _ in range(2): assert t.ask(url) == live
            assert (made.done.recorded, made.done.replayed) == (0, 0)
            assert "File too large" in made.done.failed, made.done
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        left = [path.name for path in folder.rglob("*") if path.is_file() and "lock" not in str(path)]
        with t.replaying(folder) as (made, _):
            for _ in range(2): assert t.ask(url) == live
        print(json.dumps([left, made.done.recorded, made.done.replayed]))
        """
    )
    with provider() as server:
        arguments = [str(Path(__file__).parents[1]), str(tmp_path / "store"), server.url]
        run = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True)
        assert run.returncode == 0, run.stderr[-2_000:]
        left, recorded, replayed = json.loads(run.stdout)
        assert left in ([], [".gitignore"])
        assert (recorded, replayed) == (1, 1)
    assert "*" in (tmp_path / "store" / ".gitignore").read_text()


@POSIX
def test_a_kill_at_any_step_of_recording_leaves_all_or_nothing(tmp_path: Path) -> None:
    asked, answer = made(), ANSWER
    deaths, seen = 0, set()
    while True:
        folder = tmp_path / str(deaths)
        child = os.fork()
        if child == 0:
            _die_before(deaths, folder)
            store = Store(folder)
            lock = store.lock(asked.key)
            store.put(asked, answer, NOW_US)
            assert lock is not None
            lock.release()
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        store = Store(folder)
        found = store.get(asked.key)  # never damaged
        seen.add(found is not None)
        assert found is None or answer_of(found) == answer
        lock = store.lock(asked.key)
        assert lock is not None, "a lock that outlived its process"
        store.put(asked, answer, NOW_US)
        lock.release()
        assert store.get(asked.key) is not None
        assert (folder / ".gitignore").read_bytes().endswith(b"*\n") or status != 0
        if status == 0:
            break
        assert os.WTERMSIG(status) == signal.SIGKILL
        deaths += 1
    assert deaths > 6
    assert seen == {True, False}


def _die_before(number: int, folder: Path) -> None:
    """Kill this process by SIGKILL before its `number`-th change of what lies in a folder."""
    changes = 0

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal changes
        writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax")
        if (writes or event in ("os.mkdir", "os.rename", "os.rmdir", "os.remove", "os.utime")) and str(folder) in str(
            arguments[0]
        ):
            if changes == number:
                os.kill(os.getpid(), signal.SIGKILL)
            changes += 1

    sys.addaudithook(watch)


def test_two_writers_of_one_request(tmp_path: Path) -> None:
    """In mode all nobody waits: whoever is last is kept, whole."""
    from concurrent.futures import ThreadPoolExecutor

    store = Store(tmp_path)
    answers = [Answer(200, (), (bytes([97 + n]) * 50_000,)) for n in range(4)]

    def write(n: int) -> None:
        for _ in range(20):
            store.put(made(), answers[n], NOW_US)
            found = store.get(made().key)
            assert found is not None
            assert answer_of(found) in answers

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert [path.suffix for path in (tmp_path / made().key[:2]).iterdir()] == [".json"]


# -- age, size, odd documents -------------------------------------------------------------------------


def test_what_is_too_old_does_not_answer(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    with provider() as server:
        with replaying(folder):
            ask(server.url)
        (path,) = Store(folder).recordings()
        recording = json.loads(path.read_bytes())
        aged = Recording(**recording | {"headers": [tuple(pair) for pair in recording["headers"]]})
        aged.recorded_us -= int(31 * 86_400e6)
        from jevons.cut.replay import store as module

        aged.check = module._check(aged)
        import msgspec

        path.write_bytes(msgspec.json.encode(aged))
        os.utime(path)  # that it answered lately makes it no younger
        with replaying(folder, "none"), pytest.raises(ReplayMiss, match=r"31 days old \(setting max-age-days\)"):
            ask(server.url)
        with replaying(folder) as (replay, _):
            ask(server.url)
            ask(server.url)
        assert (replay.done.aged, replay.done.recorded, replay.done.replayed) == (1, 1, 1)
        assert len(server.requests) == 2


def test_what_has_answered_least_recently_goes_first(tmp_path: Path) -> None:
    store = Store(tmp_path)
    keys = []
    for n in range(6):
        asked = made(str(n))
        store.put(asked, Answer(200, (), (b"x" * 10_000,)), NOW_US)
        os.utime(store.path(asked.key), (n, n))
        keys.append(asked.key)
    store.used(keys[0])
    size = store.path(keys[0]).stat().st_size
    assert store.prune(6 * size + 100) == 0
    assert store.prune(int(3.5 * size)) == 3
    assert [store.get(key) is not None for key in keys] == [True, False, False, False, True, True]


def test_litter_goes_and_locks_in_use_stay(tmp_path: Path) -> None:
    store = Store(tmp_path)
    lock, other = store.lock("a" * 64), store.lock("b" * 64)
    assert lock is not None
    assert other is not None
    other.release()
    (tmp_path / "aa").mkdir()
    litter = tmp_path / "aa" / "x.1.draft"
    litter.write_bytes(b"half")
    long_ago = time.time() - 100_000
    for path in (litter, *(tmp_path / "locks").glob("*.lock")):
        os.utime(path, (long_ago, long_ago))
    lock.release()
    lock = store.lock("a" * 64)  # taken anew
    store.prune(10**9)
    assert not litter.exists()
    assert [path.name[0] for path in (tmp_path / "locks").glob("*.lock")] == ["a"]
    assert lock is not None
    lock.release()


def test_an_answer_that_is_too_large_is_not_kept(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert "more than 16 MB" in store.put(made(), Answer(200, (), (b"x" * (16 * 2**20 + 1),)), NOW_US)
    assert store.empty()


@pytest.mark.parametrize(
    "odd", ["half a character \ud800", 10**40, -(10**19), {"a": [[]] * 3}, 1e-320, "\x00\x7f\u2028"]
)
def test_odd_requests_are_kept_too(odd: Any, tmp_path: Path) -> None:
    asked = made(x=odd)
    store, _ = kept(tmp_path, asked=asked)
    assert store.get(asked.key) is not None
    assert store.nearest(made(x="other")) is not None


def test_a_request_nested_beyond_all_limits_goes_out(tmp_path: Path) -> None:
    deep = b'{"model": "m", "messages": [], "x": ' + b"[" * 50_000 + b"]" * 50_000 + b"}"
    with one_answer(b"{}", "application/json") as (url, received), replaying(tmp_path / "store"):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        for _ in range(2):
            assert opener.open(url + CHAT, deep).read() == b"{}"
    assert len(received) in (1, 2)


# -- what must not be kept ----------------------------------------------------------------------------

KEYS = ["sk-" + "a1B2" * 6, "sk-proj-" + "x_-9" * 10, "AKIA" + "ABCD" * 4, "AIza" + "a" * 35, "ghp_" + "a" * 36,
        "hf_" + "a" * 32, "xoxb-1234567890-abc", "eyJ" + "a" * 12 + ".eyJ" + "b" * 12 + ".c_-d"]  # fmt: skip


@pytest.mark.parametrize("word", [*KEYS, "Kunde 4711"])
def test_keys_and_what_a_rule_names_are_not_kept_and_the_request_stays_exact(word: str, tmp_path: Path) -> None:
    said = json.dumps({"choices": [{"message": {"content": f"so {word}."}}]}).encode()
    asked = {"model": "m", "messages": [{"role": "user", "content": f"I am {word}."}], word: [word]}
    with one_answer(said, "application/json", {"x-said": word}) as (url, received):
        for mode in ("new_episodes", "none"):
            with replaying(tmp_path / "store", mode, redact=(r"Kunde \d+",)):
                answer = ask(url, asked, CHAT + f"?who={word.replace(' ', '%20')}", **{"anthropic-beta": word})
        assert len(received) == 1
        assert answer == said.replace(word.encode(), REDACTED.encode())
        with replaying(tmp_path / "store", "none", redact=(r"Kunde \d+",)), pytest.raises(ReplayMiss) as miss:
            ask(url, asked | {word: [word + "x", word[:-1] + "Z"]}, CHAT, **{"anthropic-beta": word})
        assert word not in str(miss.value)
    text = "".join(path.read_text() for path in tmp_path.rglob("*.json"))
    assert word not in text
    assert text.count(REDACTED) >= 5


def test_a_key_that_comes_in_pieces_is_not_kept(tmp_path: Path) -> None:
    pieces = tuple(bytes([one]) for one in f"data: my key is {KEYS[0]}, yours?\n\n".encode())
    store, path = kept(tmp_path, Answer(200, (), pieces))
    assert KEYS[0] not in path.read_text().replace('",\n  "', "")
    found = store.get(made().key)
    assert found is not None
    assert b"".join(answer_of(found).pieces) == f"data: my key is {REDACTED}, yours?\n\n".encode()


def test_bytes_that_hold_a_key_are_not_kept_at_all(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert "to be redacted" in store.put(made(), Answer(200, (), (b"\xff\x00" + KEYS[0].encode() + b"\xfe",)), NOW_US)
    assert store.empty()


def test_who_deletes_the_ignore_file_to_commit_the_recordings_is_heeded(tmp_path: Path) -> None:
    store, _ = kept(tmp_path)
    ignore = tmp_path / ".gitignore"
    assert ignore.read_text().endswith("\n*\n")
    ignore.unlink()
    kept(tmp_path, asked=made("another"))
    assert not ignore.exists()
    lock = store.lock(made().key)
    assert lock is not None
    lock.release()
    assert (tmp_path / "locks" / ".gitignore").read_text() == "*\n"


# -- what is replayed, and what a miss says -----------------------------------------------------------


EMBED = {"model": "fake-embed", "input": "hello"}


@pytest.mark.parametrize(
    ("mark", "zero", "more", "replayed"),
    [
        ("", False, {}, False),
        ("", False, {"temperature": 0}, False),
        ("", True, {"temperature": 0}, True),
        ("", True, {"temperature": 0.0, "stream": True}, True),
        ("", True, {"temperature": False}, False),
        ("", True, {"temperature": 0.1}, False),
        ("", True, {}, False),
        ("any", False, {}, True),
        ("live", True, {"temperature": 0}, False),
    ],
)
def test_which_chats_are_replayed(mark: str, zero: bool, more: Any, replayed: bool, tmp_path: Path) -> None:
    with provider() as server, replaying(tmp_path / "store", mark=mark, temperature_zero=zero) as (replay, _):
        for _ in range(2):
            ask(server.url, ASKED | more)
        assert len(server.requests) == 2 - replayed
        assert replay.store.empty() == (not replayed)


@pytest.mark.parametrize(("mark", "live"), [("", 1), ("any", 1), ("live", 2)])
def test_embeddings_are_replayed_without_asking(mark: str, live: int, tmp_path: Path) -> None:
    with provider() as server, replaying(tmp_path / "store", mark=mark):
        assert ask(server.url, EMBED, "/v1/embeddings") == ask(server.url, EMBED, "/v1/embeddings")
        assert len(server.requests) == live


def test_a_path_that_anybody_may_have_is_no_sign_of_an_embedding(tmp_path: Path) -> None:
    with one_answer(b'{"done": 1}', "application/json") as (url, received), replaying(tmp_path / "store", mark=""):
        for _ in range(2):
            ask(url, {"order": 1}, "/v1/embeddings")
        assert len(received) == 2


def test_temperatures_wherever_a_format_has_them() -> None:
    for holder in ("generationConfig", "inferenceConfig", "options", "parameters"):
        assert _temperature({holder: {"temperature": 0}}) == 0
    assert _temperature({"temperature": 1, "options": {"temperature": 0}}) == 1
    for document in (None, [], {"temperature": "0"}, {"temperature": None}, {"options": [0]}, {}):
        assert _temperature(document) is None


@pytest.mark.parametrize(("mode", "new", "live", "replays"), [
    ("none", True, 0, 0), ("once", True, 1, 1), ("once", False, 0, 0), ("new_episodes", False, 1, 1),
    ("all", True, 2, 0),
])  # fmt: skip
def test_modes_with_nothing_recorded(mode: str, new: bool, live: int, replays: int, tmp_path: Path) -> None:
    with provider() as server, replaying(tmp_path / "store", mode, new=new) as (replay, _):
        for _ in range(2):
            try:
                ask(server.url)
            except ReplayMiss:
                assert mode in ("none", "once")
        assert (len(server.requests), replay.done.replayed) == (live, replays)
        assert replay.done.missed == (0 if live else 2)


def test_all_records_anew(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    with one_answer(b'{"choices": [1]}', "application/json") as (url, _), replaying(folder):
        ask(url)
    with one_answer(b'{"choices": [2]}', "application/json") as (url, _):
        with replaying(folder):
            assert ask(url) == b'{"choices": [1]}'
        with replaying(folder, "all"):
            assert ask(url) == b'{"choices": [2]}'
        with replaying(folder, "none"):
            assert ask(url) == b'{"choices": [2]}'


def missed(folder: Path, asked: Any, **more: str) -> str:
    with replaying(folder, "none"), pytest.raises(ReplayMiss) as miss:
        ask("http://127.0.0.1:40000", asked, **more)
    return str(miss.value)


def test_a_miss_shows_the_nearest_request_and_what_differs(tmp_path: Path) -> None:
    """Among many of the same shape, the one with the same words; of a long prompt, where it changes."""
    folder = tmp_path / "store"
    long = "Answer in whole sentences, please. " * 300

    def talk(question: str, **more: Any) -> Any:
        return {
            "model": "m",
            "messages": [{"role": "system", "content": long}, {"role": "user", "content": question}],
            **more,
        }

    questions = ["How warm is it in Lisboa?", "Who wrote the song?", "Where does the river meet the sea, and why?"]
    with one_answer(b"{}", "application/json") as (url, _), replaying(folder):
        for question in [*questions, *(f"Is {n} a prime number?" for n in range(30))]:
            ask(url, talk(question))
    text = missed(folder, talk("Where does the river meet the lake, and why?"))
    assert '-   "content": "Where does the river meet the sea, and why?",' in text
    assert '+   "content": "Where does the river meet the lake, and why?",' in text
    assert "jevons_live" in text
    assert "new_episodes" in text
    assert str(folder) in text
    assert "POST localhost:*/v1/chat/completions" in text
    assert len(text.splitlines()) <= 9
    assert max(map(len, text.splitlines())) < 320
    changed = json.loads(
        json.dumps(talk(questions[0])).replace('whole sentences, please. "', 'whole paragraphs, please. "')
    )
    text = missed(folder, changed)
    assert "sentences" in next(line for line in text.splitlines() if line.startswith("-"))
    assert "paragraphs" in next(line for line in text.splitlines() if line.startswith("+"))
    assert max(map(len, text.splitlines())) < 320
    text = missed(folder, talk(questions[0], model="m2"), **{"anthropic-beta": "new-1"})
    assert '- "model": "m"' in text
    assert '+ "model": "m2"' in text
    assert "+anthropic-beta: new-1" in text


def test_a_miss_with_nothing_near(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    assert f"Nothing of this address is recorded in {folder}" in missed(folder, ASKED)
    assert "it was never recorded" in missed(folder, ASKED)


def test_in_none_nothing_goes_out_even_if_jevons_itself_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(self: Any, key: str) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Store, "get", breaks)
    with provider() as server, replaying(tmp_path / "store", "none"):
        with pytest.raises(ReplayMiss, match="jevons failed"):
            ask(server.url)
        assert server.requests == []


def test_a_miss_among_very_many_is_told_soon(tmp_path: Path) -> None:
    """No measure of speed: it must not take minutes."""
    pick = random.Random(1)
    words = [str(pick.random()) for _ in range(3_000)]
    store = Store(tmp_path / "store")
    for n in range(300):
        store.put(_chat(" ".join(pick.sample(words, 200)) + str(n)), Answer(200, (), (b"{}",)), NOW_US)
    begun = time.monotonic()
    assert store.nearest(_chat(" ".join(words))) is not None
    assert time.monotonic() - begun < 30


def _chat(text: str) -> Request:
    made = request(
        "POST", "h", None, CHAT, {}, json.dumps({"messages": [{"content": line} for line in text.split()]}).encode()
    )
    assert made is not None
    return made


def test_a_replay_that_is_given_up_leaves_no_word(tmp_path: Path) -> None:
    """A redirect is no answer: `dropped` frees the lock."""
    with (
        one_answer(b"", "application/json", {"location": "/elsewhere"}) as (url, _),
        replaying(tmp_path / "s") as (made, _),
    ):
        assert isinstance(made, Replay)
        assert ask(url) == b""
    assert made.store.holder("x") is None
