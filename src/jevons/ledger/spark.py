"""Spark as an engine: a ledger's calls in Parquet, as a lazy frame of a cluster (``spark://HOST:PORT``) or of this
machine (``local[*]``).

Spark's own settings (``spark-defaults.conf`` in the folder that ``SPARK_CONF_DIR`` names) hold: memory, connectors of
object stores, keys. Every worker must reach the ledger's files under the same path. Needs pyspark and a JDK.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jevons.ledger.parquet import COLUMNS, NoEngineError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

FORMS = "spark://HOST:PORT, local[*] or local[2]"
_MASTER = re.compile(r"local(\[(\*|[1-9][0-9]*)(,[0-9]+)?\])?|spark://[^/\s]+:[0-9]+")
_TYPES = {"VARCHAR": "STRING", "BIGINT": "BIGINT", "DOUBLE": "DOUBLE", "BOOLEAN": "BOOLEAN"}
_SCHEMES = {"s3": "s3a"}
"""What Hadoop calls an object store that others call otherwise."""
_REACH_S = 10
_OURS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",  # a sum that leaves 64 bits is an error, not another number
}


def check(master: str) -> None:
    """Raises NoEngineError, which says what is missing, where a master cannot be had."""
    if not _MASTER.fullmatch(master):
        raise NoEngineError(f"{master} is no engine: name duckdb, or a Spark ({FORMS})")
    try:
        import pyspark  # noqa: F401
    except ImportError as error:
        raise NoEngineError(f"engine {master} needs pyspark and a JDK 17: pip install 'jevons[spark]'") from error
    home = os.environ.get("JAVA_HOME")
    if not shutil.which(Path(home, "bin", "java") if home else "java"):
        where = f"JAVA_HOME, {home}, holds no bin/java" if home else "no java is on the PATH"
        raise NoEngineError(f"engine {master} needs a JDK 17 ({where}): apt-get install openjdk-17-jre-headless")
    if master.startswith("spark://"):
        _reach(master)


def session(master: str) -> SparkSession:
    """The session of a master, started once in a process. Raises NoEngineError."""
    check(master)
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.appName("jevons").master(master)
    for name, value in {"spark.ui.showConsoleProgress": "false", **_OURS}.items():
        builder = builder.config(name, value)
    if "SPARK_CONF_DIR" not in os.environ:
        builder = builder.config("spark.ui.enabled", "false")
    try:
        made = builder.getOrCreate()
        for name, value in _OURS.items():  # a session that was there keeps its own
            made.conf.set(name, value)
    except Exception as error:  # of Spark, py4j, Java, the system
        raise NoEngineError(f"Spark could not be started at {master}: {first_line(error)}") from error
    return made


def calls(spark: SparkSession, paths: Iterable[Path], runs: Collection[str]) -> DataFrame:
    """The calls of some runs in files, as `parquet.calls` has them (but for ``prefixes``), lazily."""
    from pyspark.sql import functions as sql

    plain = {name: told for name, told in {**COLUMNS, "event": ("VARCHAR", "call")}.items() if name != "prefixes"}
    schema = ", ".join(f"`{name}` {_TYPES[kind]}" for name, (kind, _) in plain.items())
    found = spark.read.schema(schema).parquet(*[address(path) for path in paths])
    columns = [
        sql.col(name) if default is None else sql.coalesce(sql.col(name), sql.lit(default)).alias(name)
        for name, (_, default) in plain.items()
    ]
    # One text, taken apart by the cluster: rows made here would want Python on every worker.
    named = sql.explode(sql.split(sql.lit("\n".join(runs)), "\n"))
    wanted = spark.range(1).select(named.alias("run"))
    return found.select(*columns).where(sql.col("event") == "call").join(wanted, "run", "left_semi")


def address(path: Path) -> str:
    """A file as Spark's workers find it: its signs are meant as they are, not as a pattern."""
    text = str(path)
    scheme, sign, rest = text.partition("://")
    if sign:
        return f"{_SCHEMES.get(scheme, scheme)}://{rest}"
    return "file://" + re.sub(r"([\\\[\]{}*?])", r"\\\1", path.absolute().as_posix())


def too_large(error: BaseException) -> bool:
    """Whether a query failed because a number left 64 bits."""
    return "ARITHMETIC_OVERFLOW" in str(error) or "CAST_OVERFLOW" in str(error)


def failed(error: BaseException) -> NoEngineError | None:
    """What to say of an error that Spark raised while it worked; None for errors of others."""
    if not type(error).__module__.startswith(("pyspark", "py4j")):
        return None
    missing = re.search(r'No FileSystem for scheme "?(\w+)|Class org\.apache\.hadoop\.fs\.(\w+)\.', str(error))
    if missing:
        scheme = missing[1] or missing[2]
        return NoEngineError(
            f"this Spark cannot read {scheme}:// : it needs Hadoop's connector (for s3a spark.jars.packages "
            "org.apache.hadoop:hadoop-aws:VERSION) and its keys in spark-defaults.conf, in the folder SPARK_CONF_DIR"
        )
    return NoEngineError(f"Spark could not do it: {first_line(error)}")


def first_line(error: Any) -> str:
    """What an error says first."""
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]


def _reach(master: str) -> None:
    """Spark itself would try for a minute."""
    for one in master.removeprefix("spark://").split(","):
        host, _, port = one.rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), _REACH_S).close()
            return
        except (OSError, OverflowError):
            continue
    raise NoEngineError(f"no Spark master answers at {master}: is it started there, and the port open?")
