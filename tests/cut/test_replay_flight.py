"""One request under way is sent once: by threads, tasks and processes; and nobody waits for himself."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from cut.kept import direct, replaying
from providers import provider

from jevons import capture

__all__ = ["direct"]
pytestmark = pytest.mark.usefixtures("direct")

CHAT = "/v1/chat/completions"
SLOW = {"model": "stream+slow", "messages": [{"role": "user", "content": "hello"}], "stream": True}
POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows does not fork")
TESTS = Path(__file__).parents[1]


def ask(url: str, asked: Any = SLOW) -> bytes:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    headers = {"content-type": "application/json", "accept": "*/*"}  # as the others send
    return opener.open(urllib.request.Request(url + CHAT, json.dumps(asked).encode(), headers)).read()


async def async_ask(url: str, asked: Any = SLOW) -> bytes:
    httpx = pytest.importorskip("httpx")
    async with httpx.AsyncClient() as client:
        return (await client.post(url + CHAT, json=asked)).content


async def aiohttp_ask(url: str, asked: Any = SLOW) -> bytes:
    async with pytest.importorskip("aiohttp").ClientSession() as one, one.post(url + CHAT, json=asked) as told:
        return await told.read()


def test_threads(tmp_path: Path) -> None:
    with provider() as server, replaying(tmp_path / "store") as (made, calls):
        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(ask, [server.url] * 6))
        assert len(server.requests) == 1
        assert len(set(answers)) == 1
        assert (made.done.recorded, made.done.replayed, made.done.waited) == (1, 5, 5)
        assert sorted(call.mode for call in calls) == ["live"] + ["replayed"] * 5


@pytest.mark.parametrize("asking", [async_ask, aiohttp_ask])
def test_tasks(asking: Any, tmp_path: Path) -> None:
    async def many(url: str) -> list[bytes]:
        return await asyncio.gather(*(asking(url) for _ in range(6)))

    with provider() as server, replaying(tmp_path / "store") as (made, _):
        answers = asyncio.run(many(server.url))
        assert len(server.requests) == 1
        assert len(set(answers)) == 1
        assert made.done.waited == 5


def test_tasks_of_two_loops_and_a_thread(tmp_path: Path) -> None:
    with provider() as server, replaying(tmp_path / "store") as (made, _):
        with ThreadPoolExecutor(3) as pool:
            ways = [lambda: asyncio.run(async_ask(server.url)), lambda: asyncio.run(aiohttp_ask(server.url))]
            answers = list(pool.map(lambda way: way(), [*ways, lambda: ask(server.url)]))
        assert len(server.requests) == 1
        assert len(set(answers)) == 1
        assert made.done.waited == 2


def test_different_requests_do_not_wait(tmp_path: Path) -> None:
    async def many(url: str) -> None:
        await asyncio.gather(*(async_ask(url, SLOW | {"n": n}) for n in range(5)))

    with provider() as server, replaying(tmp_path / "store") as (made, _):
        asyncio.run(many(server.url))
        assert (len(server.requests), made.done.waited) == (5, 0)


def test_a_task_that_is_cancelled_leaves_nothing_behind(tmp_path: Path) -> None:
    async def two(url: str) -> tuple[bytes, bytes]:
        first = asyncio.create_task(async_ask(url))
        await asyncio.sleep(0.2)
        second, third = asyncio.create_task(async_ask(url)), asyncio.create_task(async_ask(url))
        await asyncio.sleep(0.1)
        second.cancel()
        first.cancel()
        again = await third
        return again, await async_ask(url)

    with provider() as server, replaying(tmp_path / "store") as (made, _):
        answer, again = asyncio.run(two(server.url))
        assert answer == again
        assert len(server.requests) == 2
        assert made.done.recorded == 1
        assert not made.store.holder(next(made.store.recordings()).stem)


def test_who_waits_for_one_that_fails_asks_himself(tmp_path: Path) -> None:
    asked = SLOW | {"model": "stream+slow+429x1"}
    with provider() as server, replaying(tmp_path / "store") as (made, _):

        def tried() -> bytes | int:
            try:
                return ask(server.url, asked)
            except urllib.error.HTTPError as error:
                return error.code

        with ThreadPoolExecutor(3) as pool:
            answers = list(pool.map(lambda _: tried(), range(3)))
        assert len(server.requests) == 2
        assert sum(answer == 429 for answer in answers) == 1
        assert made.done.recorded == 1


@pytest.mark.parametrize("how", ["plain", "stream"])
def test_a_sync_call_in_a_loop_whose_task_has_the_request_does_not_hang(how: str, tmp_path: Path) -> None:
    """Nothing else runs in that thread until it is answered: it has to ask itself."""
    asked = SLOW | {"stream": how == "stream"}

    async def both(url: str) -> bytes:
        task = asyncio.create_task(async_ask(url, asked))
        await asyncio.sleep(0.1 if how == "stream" else 0)
        mine = ask(url, asked)
        assert await task == mine
        return mine

    with provider() as server, replaying(tmp_path / "store") as (made, _):
        begun = time.monotonic()
        asyncio.run(both(server.url))
        assert time.monotonic() - begun < 4
        assert len(server.requests) <= 2
        assert len(list(made.store.recordings())) == 1


def test_streams_that_are_opened_together_and_read_later_do_not_hang(tmp_path: Path) -> None:
    """The first one's lock ends when it is read, which is only after the second has begun."""
    httpx = pytest.importorskip("httpx")

    async def both(url: str) -> list[bytes]:
        async with httpx.AsyncClient() as client:

            async def begin() -> Any:
                return await client.send(client.build_request("POST", url + CHAT, json=SLOW), stream=True)

            streams = await asyncio.gather(begin(), begin())
            return [await stream.aread() for stream in streams]

    with provider() as server, replaying(tmp_path / "store"):
        begun = time.monotonic()
        first, second = asyncio.run(both(server.url))
        assert first == second
        assert time.monotonic() - begun < 4


@pytest.mark.slow
def test_a_stream_that_nobody_reads_on_is_not_waited_for(tmp_path: Path) -> None:
    """Threads: the one has begun to read and waits for the other, which asks the same."""
    httpx = pytest.importorskip("httpx")
    with provider() as server, replaying(tmp_path / "store"), httpx.Client() as client:
        with client.stream("POST", server.url + CHAT, json=SLOW) as streamed:
            pieces = streamed.iter_bytes()
            first = next(pieces)
            with ThreadPoolExecutor(1) as pool:
                other = pool.submit(lambda: httpx.post(server.url + CHAT, json=SLOW, trust_env=False).content)
                assert other.result(timeout=30) == first + b"".join(pieces)
        assert len(server.requests) == 2


def test_the_collector_of_garbage_may_end_a_request_while_another_begins(tmp_path: Path) -> None:
    """It runs where it likes, in the midst of taking a lock, too."""
    from jevons.cut.replay.store import Lock

    one, other = Lock.take(tmp_path / "one"), None
    assert one is not None
    with Lock._guard:  # as `take` holds it
        one.release()
        other = Lock.take(tmp_path / "one")
    assert other is not None
    other.release()


CHILD = f"""
import json, sys
sys.path.insert(0, {str(TESTS)!r})
from pathlib import Path
from cut.kept import replaying
from cut.test_replay_flight import ask
url, folder = sys.argv[1:]
with replaying(Path(folder)) as (made, _):
    print("ready", flush=True)
    sys.stdin.readline()
    answer = ask(url)
    print(json.dumps([len(answer), made.done.recorded, made.done.waited, made.done.replayed]))
"""


def child(url: str, folder: Path) -> subprocess.Popen[str]:
    made = subprocess.Popen(
        [sys.executable, "-c", CHILD, url, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert made.stdout is not None
    assert made.stdout.readline() == "ready\n"
    return made


def said(one: subprocess.Popen[str]) -> Any:
    return json.loads(one.communicate("\n")[0])


@pytest.mark.slow
def test_a_thread_and_processes(tmp_path: Path) -> None:
    with provider() as server, replaying(tmp_path / "store") as (made, _):
        others = [child(server.url, tmp_path / "store") for _ in range(3)]
        for one in others:
            assert one.stdin is not None
            one.stdin.write("\n")
            one.stdin.flush()
        mine = ask(server.url)
        told = [said(one) for one in others]
        assert len(server.requests) == 1
        assert {length for length, *_ in told} == {len(mine)}
        assert made.done.recorded + sum(recorded for _, recorded, _, _ in told) == 1
        assert made.done.replayed + sum(replayed for *_, replayed in told) == 3


@pytest.mark.slow
@POSIX
def test_who_waits_for_one_that_is_killed_takes_over(tmp_path: Path) -> None:
    with provider() as server, replaying(tmp_path / "store") as (made, _):
        other = child(server.url, tmp_path / "store")
        assert other.stdin is not None
        other.stdin.write("\n")
        other.stdin.flush()
        while not server.requests:
            time.sleep(0.01)
        threading.Timer(0.3, other.send_signal, [signal.SIGKILL]).start()
        answer = ask(server.url)  # begun while the other was at it
        assert other.wait() == -signal.SIGKILL
        assert len(server.requests) == 2
        assert (made.done.recorded, made.done.waited) == (1, 0)
        assert ask(server.url) == answer
        assert len(server.requests) == 2


@POSIX
def test_a_forked_child_neither_keeps_its_parents_lock_nor_its_request(tmp_path: Path) -> None:
    httpx = pytest.importorskip("httpx")
    with provider() as server, replaying(tmp_path / "store") as (made, _), httpx.Client() as client:
        with client.stream("POST", server.url + CHAT, json=SLOW) as streamed:
            pieces = streamed.iter_bytes()
            next(pieces)
            sleeper = os.fork()
            if sleeper == 0:
                time.sleep(20)  # and lives on after the parent's request has ended
                os._exit(0)
            list(pieces)
        capture.flush()
        assert made.done.recorded == 1
        (recording,) = made.store.recordings()
        lock = made.store.lock(recording.stem)
        assert lock is not None, "the child has it still"
        lock.release()
        os.kill(sleeper, signal.SIGKILL)
        os.waitpid(sleeper, 0)


@POSIX
def test_a_forked_child_waits_for_its_parents_request(tmp_path: Path) -> None:
    with provider() as server, replaying(tmp_path / "store"):
        thread = threading.Thread(target=ask, args=(server.url,))
        thread.start()
        while not server.requests:
            time.sleep(0.01)
        waiting = os.fork()
        if waiting == 0:
            os._exit(0 if len(ask(server.url)) > 1_000 else 1)
        thread.join()
        assert os.waitpid(waiting, 0)[1] == 0
        assert len(server.requests) == 1
