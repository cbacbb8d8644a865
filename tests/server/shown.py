"""`jevons report --live` as a process of its own, and its pages as a reader sees them."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

import pytest
from report.test_html import Parsed
from server.served import SOURCE

ROW = (
    r'<tr[^>]*><th scope="row">(?:<a href="([^"]*)">)?(.*?)(?:</a>)?\s*(?: <em>.*?</em>)?(?:</th>)?<td>.*?'
    r"<summary>(.*?)</summary>"
)


@dataclass
class Shown:
    """A running server of pages."""

    process: subprocess.Popen[str]
    url: str
    said: list[str] = field(default_factory=list)

    def get(
        self, path: str, method: str = "GET", headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], str]:
        """(status, headers, body)."""
        host, port = self.url.removeprefix("http://").rstrip("/").split(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=60)
        try:
            connection.request(method, path, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode()
        finally:
            connection.close()

    def page(self, path: str) -> str:
        status, _, body = self.get(path)
        assert status == 200, (path, status, body[:300])
        return body

    def until(self, path: str, holds: Callable[[str], bool]) -> str:
        """The page, once it is as wanted."""
        ends = time.monotonic() + 60
        while not holds(body := self.get(path)[2]):
            assert time.monotonic() < ends, body[:2_000]
            time.sleep(0.1)
        return body

    def stop(self, number: int = signal.SIGINT) -> int:
        """Its exit code, ended by a signal."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        out, err = self.process.communicate(timeout=60)
        self.said += [*out.splitlines(), *err.splitlines()]
        return self.process.returncode


def live(folder: Path, *arguments: str, **more: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "JEVONS_SECRET": "0" * 16, **more}
    for name in ("JEVONS_CHILD", "JEVONS_SERVE_TOKEN"):
        if name not in more:
            environment.pop(name, None)
    return subprocess.Popen(
        [sys.executable, "-m", "jevons", "report", "--live", *arguments],
        cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@contextmanager
def showing(folder: Path, *arguments: str, **more: str) -> Iterator[Shown]:
    """The pages of the ledger in a folder."""
    if sys.platform == "win32":
        pytest.skip("Windows ends processes without telling them")
    for name in ("h11", "uvicorn", "jinja2"):
        pytest.importorskip(name, reason=f"{name} of jevons[report,server] is not installed")
    process = live(folder, "--format", "json", *arguments, **more)
    assert process.stdout is not None
    line = process.stdout.readline()
    try:
        made = Shown(process, json.loads(line)["url"], [line])
    except ValueError:
        raise AssertionError(f"it did not begin: {line} {process.communicate()}") from None
    try:
        yield made
    finally:
        made.stop()


def links(page: str) -> list[str]:
    """Addresses of other pages, each once."""
    found = [value for name, value in Parsed(page).attributes if name == "href" and not value.startswith("#")]
    return list(dict.fromkeys(found))


def counted(page: str) -> dict[str, int]:
    """The counts of the first screen."""
    found = re.findall(r"<dt>([a-z ]+)</dt><dd>([\d,]+)</dd>", page)
    return {name: int(value.replace(",", "")) for name, value in found}


def rows(page: str, by: str) -> dict[str, tuple[str, str]]:
    """Of one table: name -> (address, energy)."""
    _, _, table = page.partition(f"<h3>By {by}</h3>")
    table = table.partition("</table>")[0]
    found = re.findall(ROW, table)
    return {unescape(re.sub("<[^>]*>", "", name)): (address, energy) for address, name, energy in found}
