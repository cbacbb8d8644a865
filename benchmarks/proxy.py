"""What `jevons serve` adds to a call: latency over the bare upstream, and streams at once that all arrive.

    python benchmarks/proxy.py [--quick]

Three processes: the upstream (`server.py`'s answers), the proxy, and this client, which asks both in pairs over one
kept connection each, so that what disturbs the machine disturbs both; which of the two is first is drawn, since each
finds the machine as the other left it. Plain calls follow each other at once, or as calls of a test do, after a pause,
like streams: caches are cold then, and nothing of the call before is still being written. On two cores the three
processes share them: what is shown holds their waiting for each other. Added: the difference within pairs. Needs
jevons[server].
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import server as answering
from figures import Row, differences, figure, machine, table

WARM, PAIRS, QUICK = 200, 3_000, 300
PAUSE_S = 0.02
EVENTS, EVERY_S = 20, 0.005
"""Of a stream as a model sends it: one event at a time."""
AT_ONCE = 500
END = b"0\r\n\r\n"


def request(path: str, stream: bool, number: int, burst: bool = False) -> bytes:
    """One call of about 1 kB, no two alike."""
    messages = [{"role": "user", "content": f"{number} {'burst ' * burst}" + "the sea and the river " * 45}]
    body = json.dumps({"model": "gpt-4o-mini", "stream": stream, "messages": messages}).encode()
    head = f"POST {path}/v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer not-a-key\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


class Upstream(answering.Server):
    """Plain answers at once; of streams an event at a time, or all at once where a call asks for it (``burst``)."""

    def data_received(self, data: bytes) -> None:
        if b'"stream": true' not in data or b"burst" in data:
            super().data_received(data)
            return
        loop = asyncio.get_running_loop()
        for number, piece in enumerate([*self.stream[: EVENTS + 1], *self.stream[-2:]]):
            loop.call_later(max(number - 1, 0) * EVERY_S, self.transport.write, piece)


async def upstream() -> None:
    """Listen on a free port and print it."""
    made = await asyncio.get_running_loop().create_server(Upstream, answering.LOOPBACK, 0)
    print(made.sockets[0].getsockname()[1], flush=True)
    await made.serve_forever()


class Kept:
    """A connection that is kept."""

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, raw: bytes, stream: bool) -> tuple[float, float]:
        """Milliseconds to the first byte of the answer's body, and to its last."""
        begun = time.perf_counter()
        self.sock.sendall(raw)
        found, first = b"", 0.0
        while True:
            found += self.sock.recv(1 << 20)
            head, end, body = found.partition(b"\r\n\r\n")
            if end and body and not first:
                first = time.perf_counter()
            if stream and found.endswith(END):
                break
            if end and not stream and len(body) >= int(re.search(rb"(?i)content-length: (\d+)", head)[1]):  # type: ignore[index]
                break
        return (first - begun) * 1e3, (time.perf_counter() - begun) * 1e3


def quantile(share: float) -> Callable[..., float]:
    """That quantile of a sample."""
    return lambda sample: sorted(sample)[min(int(share * len(sample)), len(sample) - 1)]


def rows(behind: int, proxy: int, pairs: int) -> list[Row]:
    """Added latency, plain and streamed."""
    bare, through = Kept(behind), Kept(proxy)
    draw = random.Random(20_240_229)
    made = []
    for stream, pause_s, count in ((False, 0, pairs), (False, PAUSE_S, pairs // 15), (True, PAUSE_S, pairs // 20)):
        off: list[tuple[float, float]] = []
        on: list[tuple[float, float]] = []
        for number in range(WARM // (10 if pause_s else 1) + count):
            both = [(bare, "", off), (through, "/openai", on)]
            draw.shuffle(both)
            for kept, path, found in both:
                time.sleep(pause_s)
                found.append(kept.ask(request(path, stream, number), stream))
        off, on = off[-count:], on[-count:]
        for index, what in enumerate(("first byte", "last byte")):
            if index == 0 and not stream:
                continue
            added = differences([one[index] for one in on], [one[index] for one in off])
            of = f"{count} pairs; bare {figure([one[index] for one in off]).value:.2f} ms"
            kind = f"stream of {EVENTS} events, 5 ms apart," if stream else "plain call"
            kind += " after a pause," if pause_s and not stream else ""
            for share, name, bar in ((0.5, "p50", 1.0), (0.99, "p99", 5.0)):
                made.append(Row(f"{kind} {what}, {name}", figure(added, of=quantile(share)), "ms", bar, of))
    return made


async def stream_of(port: int, number: int) -> bytes:
    """The whole of one stream."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request("/openai", True, number, burst=True).replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
    found = await reader.read()
    writer.close()
    return found


async def at_once(port: int) -> tuple[int, float]:
    """(streams that came whole, seconds) of `AT_ONCE` at once."""
    begun = time.perf_counter()
    found = await asyncio.gather(*(stream_of(port, number) for number in range(AT_ONCE)))
    whole = sum(one.count(b"[DONE]") == 1 and one.endswith(END) for one in found)
    return whole, time.perf_counter() - begun


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--upstream", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.upstream:
        asyncio.run(upstream())
        return
    pairs = QUICK if asked.quick else PAIRS
    server = subprocess.Popen([sys.executable, __file__, "--upstream"], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    behind = int(server.stdout.readline())
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / ".jevons").mkdir()
        command = [sys.executable, "-m", "jevons", "serve", "--port", "0"]
        command += ["--upstream", f"openai=http://127.0.0.1:{behind}"]
        serving = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
        assert serving.stdout is not None
        try:
            port = int(re.search(r":(\d+)", serving.stdout.readline().partition("http")[2])[1])  # type: ignore[index]
            made = rows(behind, port, pairs)
            whole, seconds = asyncio.run(at_once(port))
        finally:
            serving.send_signal(signal.SIGTERM)
            said = serving.communicate()[0]
            server.terminate()
            server.wait()
    print(f"## Proxy\n\n{machine()}\n\n{table('Added latency', made)}\n")
    print(f"{AT_ONCE} streams of 500 events at once: {whole} came whole, in {seconds:.1f} s.\n{said.splitlines()[0]}")


if __name__ == "__main__":
    main()
