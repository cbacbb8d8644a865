"""What recording adds to an AI call: processor time of the same call, recorded and not, in pairs.

    python benchmarks/overhead.py [--quick]

A server in a process of its own answers; the official openai client calls it. One more process per
recorder (jevons, EcoLogits) makes the calls, so that neither sees the other; they take turns in small
batches. Within a pair the order is random. Recording is switched by putting the recorder's method, or the
original one, in its class just before the clock starts: everything else stays as it is.

jevons hands fast calls over together. So that nothing is left out, the clock runs on until the line is
written: after each call, or after `spell` of them, whose mean is one measurement.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from figures import Row, figure, machine, slope, table
from server import CHUNKS, LOOPBACK, TEXT

SIZES_KB = (1, 2, 4, 8, 16, 32, 64)
DEPTH = 20
"""Frames below the call, as in a suite; the client adds some of its own."""
CLOUD = "api.openai.com"


class Call(NamedTuple):
    """A call to measure: where to, how much prompt in how many messages, plain or streamed, how many in a row."""

    host: str = CLOUD
    kb: int = 1
    messages: int = 1
    stream: bool = False
    spell: int = 1


IN_A_ROW = Call(spell=16)


# -- a process that calls -----------------------------------------------------


def caller(port: int, asked: Call) -> tuple[Any, Callable[[], object]]:
    """An openai client, and the call to measure."""
    import openai

    client = openai.OpenAI(base_url=f"http://{asked.host}:{port}/v1", api_key="none", max_retries=0)
    text = TEXT[: asked.kb * 1_024 // asked.messages]
    prompt: Any = [{"role": ("user", "assistant")[n % 2], "content": text} for n in range(asked.messages)]

    def plain() -> object:
        return client.chat.completions.create(model="gpt-4o-mini", messages=prompt, temperature=0)

    def stream() -> object:
        more: Any = {"stream": True, "stream_options": {"include_usage": True}}
        return list(client.chat.completions.create(model="gpt-4o-mini", messages=prompt, **more))

    return client, stream if asked.stream else plain


def below(depth: int, call: Callable[[], object]) -> object:
    """Make the call so many frames further down."""
    return below(depth - 1, call) if depth else call()


def lay(recorder: str, client: Any, folder: Path) -> tuple[type, str, Any, Callable[[], object]]:
    """Start recording. Returns the class and method that it replaced, the original, and what ends a spell."""
    if recorder == "EcoLogits":
        from ecologits import EcoLogits

        owner, name = type(client.chat.completions), "create"
        off = vars(owner)[name]
        EcoLogits.init(providers=["openai"])
        return owner, name, off, lambda: None
    from jevons import capture
    from jevons.capture.scope import Scope, enter
    from jevons.ledger.home import Home
    from jevons.ledger.spool import Spool

    owner, name = next(base for base in type(client._client).__mro__ if "send" in vars(base)), "send"
    off = vars(owner)[name]
    capture.install(Spool(Home(folder), "bench"), run="bench", root=Path(__file__).parent, secret=b"s" * 32)
    enter(Scope("tests/test_bench.py::test_call", phase="call"))
    return owner, name, off, capture.flush


def work(recorder: str, port: int, folder: Path) -> None:
    """Measure what each line of stdin asks for; say on a line of stdout what it took; at the end, how often."""
    resolve = socket.getaddrinfo  # a cloud's name, so that the call is taken for one; it leads to this machine
    socket.getaddrinfo = lambda _, *rest, **more: resolve(LOOPBACK, *rest, **more)
    owner, name, off, flush = lay(recorder, caller(port, Call())[0], folder)
    on = vars(owner)[name]
    clock = time.process_time_ns
    recorded = 0

    def spend(call: Callable[[], object], method: Any, ending: bool) -> int:
        setattr(owner, name, method)
        begun = clock()
        below(DEPTH, call)
        if ending:
            flush()
        return clock() - begun

    def pair(call: Callable[[], object], ending: bool) -> tuple[int, int]:
        """Nanoseconds without and with recording."""
        nonlocal recorded
        recorded += 1
        if random.random() < 0.5:
            return spend(call, off, False), spend(call, on, ending)
        with_it = spend(call, on, ending)
        return spend(call, off, False), with_it

    calls: dict[Call, Callable[[], object]] = {}
    for line in sys.stdin:
        count, *fields = json.loads(line)
        asked = Call(*fields)
        if asked not in calls:
            calls[asked] = caller(port, asked)[1]
            for _ in range(5):  # connect, and fill every cache
                pair(calls[asked], True)
        spells = []
        for _ in range(count // asked.spell):
            pairs = [pair(calls[asked], number == asked.spell - 1) for number in range(asked.spell)]
            spells.append([sum(side) / asked.spell / 1e3 for side in zip(*pairs, strict=True)])
        print(json.dumps(spells), flush=True)
    print(recorded, flush=True)


# -- the benchmark ------------------------------------------------------------


class Worker:
    """The parent's side of `work`: microseconds by call, without recording, and added by it."""

    def __init__(self, recorder: str, port: int, folder: Path) -> None:
        arguments = [sys.executable, __file__, "--work", recorder, str(port), str(folder)]
        kept = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
        self.process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=kept)
        self.off: dict[Call, list[float]] = {}
        self.added: dict[Call, list[float]] = {}

    def measure(self, call: Call, count: int) -> None:
        to, back = self.process.stdin, self.process.stdout
        assert to is not None
        assert back is not None
        print(json.dumps([count, *call]), file=to, flush=True)
        offs, ons = zip(*json.loads(back.readline()), strict=True)
        self.off.setdefault(call, []).extend(offs)
        self.added.setdefault(call, []).extend(on - off for on, off in zip(ons, offs, strict=True))

    def end(self) -> int:
        """How many calls were recorded."""
        return int(self.process.communicate()[0])


def schedule(quick: bool) -> dict[str, dict[Call, int]]:
    """How many pairs of which call each recorder gets."""
    plain, other, stream = (160, 20, 10) if quick else (1_920, 500, 500)
    sizes = [Call(kb=kb) for kb in SIZES_KB[1:]] + [Call(kb=kb, messages=kb) for kb in SIZES_KB[1:]]
    jevons = {Call(): plain, IN_A_ROW: plain, Call(stream=True): stream, Call(LOOPBACK): other}
    jevons |= dict.fromkeys(sizes, other)
    plans = {"jevons": jevons}
    if importlib.util.find_spec("ecologits"):  # its stream takes a third of a second: fewer pairs
        plans["EcoLogits"] = {Call(): other, Call(stream=True): 2 if quick else 60}
    return plans


def rows(workers: dict[str, Worker]) -> list[Row]:
    """The table: jevons against its bars, then EcoLogits."""
    jevons = workers["jevons"]
    found: list[Row] = []

    def add(what: str, call: Call, bar: float | None = None, of: Worker = jevons) -> None:
        itself, more = statistics.median(of.off[call]), statistics.median(of.added[call])
        beside = f"{len(of.off[call]) * call.spell} pairs; the call itself {itself:.0f} us, so +{more / itself:.1%}"
        found.append(Row(what, figure(of.added[call]), "us", bar, beside))

    add("plain call, 1 kB prompt", Call(), 60)
    add(f"the same, {IN_A_ROW.spell} in a row", IN_A_ROW, 60)
    for what, messages in (("one long message", False), ("messages of 1 kB", True)):
        calls = [Call(kb=kb, messages=kb if messages else 1) for kb in SIZES_KB]
        steps = figure(*(jevons.added[call] for call in calls), of=lambda *samples: slope(SIZES_KB, *samples))
        pairs = f"Theil-Sen over 1 to {SIZES_KB[-1]} kB, {len(jevons.off[calls[-1]])} pairs a size or more"
        found.append(Row(f"each further kB, {what}", steps, "us/kB", 4, pairs))
    add(f"stream of {CHUNKS} chunks", Call(stream=True), 1_500)
    add("plain call to a model on this machine (its counters are read, too)", Call(LOOPBACK))
    if "EcoLogits" in workers:
        version = importlib.metadata.version("ecologits")
        add(f"EcoLogits {version}: plain call, 1 kB prompt", Call(), None, workers["EcoLogits"])
        add(f"EcoLogits {version}: stream of {CHUNKS} chunks", Call(stream=True), None, workers["EcoLogits"])
    return found


def main(quick: bool) -> None:
    rounds = 2 if quick else 20
    begun = machine()
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("server.py")], stdout=subprocess.PIPE, text=True
        )
        try:
            port = int(server.stdout.readline()) if server.stdout else 0
            plans = schedule(quick)
            workers = {recorder: Worker(recorder, port, Path(folder)) for recorder in plans}
            for _ in range(rounds):
                for recorder, plan in plans.items():
                    for call, count in plan.items():
                        workers[recorder].measure(call, count // rounds)
            made = {recorder: worker.end() for recorder, worker in workers.items()}["jevons"]
        finally:
            server.kill()
        written = sum(len(file.read_bytes().splitlines()) for file in Path(folder, "spool").glob("*.jsonl"))
    print(f"{begun}\n\n{table('Added processor time per call', rows(workers))}\n")
    print(f"Lines written: {written} of {made} recorded calls{'' if written == made else ' (**missed**)'}.")
    if "EcoLogits" not in workers:
        print("EcoLogits is not installed here: its rows are left out (locks/bench.txt has it).")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="few pairs: does it run at all?")
    parser.add_argument("--work", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(options.work[0], int(options.work[1]), Path(options.work[2]))
    else:
        main(options.quick)
