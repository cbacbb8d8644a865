"""`jevons serve` as a process of its own, before the loopback provider; and raw sockets."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from jevons.ledger.home import Home
from jevons.ledger.read import Reading, read
from jevons.record import Call

SOURCE = Path(__file__).parents[2] / "src"


@dataclass
class Serving:
    """A running server."""

    process: subprocess.Popen[str]
    url: str
    folder: Path
    said: str = ""
    told: str = field(default="")
    """What it wrote to standard error."""

    def raw(self, request: bytes, wait_s: float = 5.0) -> bytes:
        """All that comes back for some bytes, until the server closes."""
        host, port = self.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=wait_s) as sock:
            sock.sendall(request)
            found = b""
            try:
                while piece := sock.recv(65536):
                    found += piece
            except (TimeoutError, ConnectionError):
                pass
        return found

    def stop(self, number: int = signal.SIGTERM) -> Reading:
        """End it by a signal; what the ledger holds then."""
        if self.process.poll() is None:
            self.process.send_signal(number)
            self.said, self.told = self.process.communicate(timeout=30)
        return self.ledger()

    def ledger(self) -> Reading:
        return read(Home(self.folder / ".jevons"))

    def calls(self) -> list[Call]:
        """Stop it; its calls, the first to start first."""
        return sorted(self.stop().calls, key=lambda call: call.started_us)


def started(folder: Path, *arguments: str, **more: str) -> Serving:
    """`jevons serve` on a free port."""
    if sys.platform == "win32":
        pytest.skip("Windows ends processes without telling them")
    for name in ("h11", "uvicorn"):
        pytest.importorskip(name, reason=f"{name} of jevons[server] is not installed")
    (folder / ".jevons").mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "JEVONS_SECRET": "0" * 16, **more}
    environment.pop("JEVONS_CHILD", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "jevons", "serve", "--port", "0", *arguments],
        cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://[\d.]+:\d+", line)
    if found is None:
        raise AssertionError(f"it did not begin: {line} {process.communicate()}")
    made = Serving(process, found[0], folder)
    running.append(made)
    return made


running: list[Serving] = []
"""All that were begun, for `conftest` to end."""


def ran(folder: Path, *arguments: str, **more: str) -> tuple[subprocess.CompletedProcess[str], Reading]:
    """`jevons run` with arguments, to its end; what the ledger holds then."""
    for name in ("h11", "uvicorn"):
        pytest.importorskip(name, reason=f"{name} of jevons[server] is not installed")
    (folder / ".jevons").mkdir(exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "JEVONS_SECRET": "0" * 16, **more}
    command = [sys.executable, "-m", "jevons", "run", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
    return done, read(Home(folder / ".jevons"))
