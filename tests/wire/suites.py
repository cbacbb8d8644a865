"""Recorded suites (../shared/data/suites): exchanges of vcrpy cassettes, and what an independent parser counted."""

from __future__ import annotations

import csv
import gzip
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec
import pytest
import yaml

from jevons.record import Call
from jevons.wire import find, read

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Exchange(NamedTuple):
    """One recorded request and its answer."""

    method: str
    host: str
    path: str
    request: bytes
    response: bytes
    status: int


def unpack(archive: Path, into: Path) -> Path:
    """Unpack a .tar.zst with the zstd program; skips where it is missing."""
    zstd = shutil.which("zstd")
    if zstd is None:
        pytest.skip("the zstd program is not installed")
    with subprocess.Popen([zstd, "-dc", "--long=27", str(archive)], stdout=subprocess.PIPE) as unzipped:
        subprocess.run(["tar", "x", "-C", str(into)], stdin=unzipped.stdout, check=True)
    return into


def body(part: dict[str, Any]) -> bytes:
    """Body of a vcrpy request or response."""
    if "parsed_body" in part:
        return msgspec.json.encode(part["parsed_body"])
    value = part.get("body")
    if isinstance(value, dict):
        value = value.get("string", value.get("base64_string"))
    if value is None:
        return b""
    return value if isinstance(value, bytes) else str(value).encode()


def exchanges(cassette: Path) -> Iterator[Exchange]:
    """Exchanges of a cassette, in order."""
    with cassette.open("rb") as file:
        recorded = yaml.load(file, LOADER)  # a safe one
    for one in recorded["interactions"]:
        address = urlsplit(one["request"]["uri"])
        path = address.path + ("?" + address.query if address.query else "")
        status = one["response"].get("status", {})
        code = status.get("code", 200) if isinstance(status, dict) else one["response"].get("status_code", 200)
        yield Exchange(
            one["request"]["method"], address.netloc, path, body(one["request"]), body(one["response"]), code
        )


def index(data: Path, repo: str) -> list[dict[str, str]]:
    """Rows of the independent index for one suite."""
    with gzip.open(data / "suites" / "index.csv.gz", "rt", newline="") as file:
        return [row for row in csv.DictReader(file) if row["repo"] == repo]


def as_call(one: Exchange) -> Call | None:
    """The call read from an exchange; None where it is no AI call."""
    match = find(one.method, one.host, one.path)
    if match is None:
        return None
    call = Call(id="0", run="0", status=one.status)
    read(
        call,
        match,
        method=one.method,
        host=one.host,
        path=one.path,
        request=one.request,
        response=one.response,
        pieces=None,
        start_ns=0,
        secret=b"test",
    )
    return call
