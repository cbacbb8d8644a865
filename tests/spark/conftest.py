"""A standalone Spark cluster of real processes: a master and two workers, started and stopped here."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

SETTINGS = """
spark.ui.enabled false
spark.sql.shuffle.partitions 8
spark.sql.files.maxPartitionBytes 12m
spark.driver.extraJavaOptions -XX:TieredStopAtLevel=1 -XX:+UseSerialGC
spark.executor.extraJavaOptions -XX:TieredStopAtLevel=1 -XX:+UseSerialGC
"""
"""Several tasks a worker; processes that live for a minute compile little."""
SECONDS = 180
"""To start something on a busy machine; nobody waits longer than it takes."""


class Cluster:
    """Its processes: each is the leader of a group of its own, so that a worker dies together with its executors."""

    def __init__(self, folder: Path) -> None:
        found = find_spec("pyspark")
        assert found
        assert found.origin
        self._folder, self._spark = folder, Path(found.origin).parent
        self._started: list[subprocess.Popen[bytes]] = []
        self._log = folder / "master.log"
        self._start("master.Master", ["--port", "0"], self._log)
        self.url = self._said(r"Starting Spark master at (spark://\S+)")
        self.workers = [self.worker(number) for number in (1, 2)]

    def worker(self, number: int) -> subprocess.Popen[bytes]:
        """One more worker, of one core, once the master knows it."""
        options = ["--cores", "1", "--memory", "1g", "--work-dir", str(self._folder / f"work{number}"), self.url]
        made = self._start("worker.Worker", options, self._folder / f"worker{number}.log")
        self._said("Registering worker", number)
        return made

    def kill(self, worker: subprocess.Popen[bytes]) -> None:
        """SIGKILL for a worker and all that it started."""
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()

    def lost(self) -> None:
        """Wait until the master has seen that a worker is gone."""
        self._said("Removing worker")

    def stop(self) -> None:
        for process in self._started:
            if process.poll() is None:
                self.kill(process)

    def _start(self, name: str, options: list[str], log: Path) -> subprocess.Popen[bytes]:
        command = [
            "bash", str(self._spark / "bin" / "spark-class"), f"org.apache.spark.deploy.{name}",
            "--host", "127.0.0.1", "--webui-port", "0", *options,
        ]  # fmt: skip
        here = os.environ | {"SPARK_HOME": str(self._spark), "SPARK_DAEMON_MEMORY": "512m"}
        with log.open("wb") as out:
            process = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True, env=here)
        self._started.append(process)
        return process

    def _said(self, pattern: str, times: int = 1) -> str:
        """What the master says, once it has said it so often."""
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            found = re.findall(pattern, self._log.read_text(errors="replace"))
            if len(found) >= times:
                return str(found[-1])
            dead = [process.args for process in self._started if process.poll() not in (None, -signal.SIGKILL)]
            assert not dead, f"{dead}\n{self._log.read_text()}"
            time.sleep(0.05)
        raise AssertionError(f"{pattern} not within {SECONDS} s:\n{self._log.read_text()}")


@pytest.fixture(scope="session", autouse=True)
def java() -> None:
    """All of Spark runs on it."""
    if sys.platform == "win32":
        pytest.skip("the cluster is of processes that are killed by group, which Windows has not")
    if not shutil.which("java"):
        pytest.skip("Spark needs a JDK 17: apt-get install openjdk-17-jre-headless")


@pytest.fixture(scope="session")
def cluster(java: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One for all tests of a session; its driver is this process."""
    folder, made = tmp_path_factory.mktemp("cluster"), None
    (folder / "spark-defaults.conf").write_text(SETTINGS)
    os.environ.update(SPARK_LOCAL_IP="127.0.0.1", SPARK_CONF_DIR=str(folder))
    try:
        made = Cluster(folder)
        yield made
    finally:
        from pyspark.sql import SparkSession

        if session := SparkSession.getActiveSession():
            session.stop()
        if made:
            made.stop()
