"""`jevons export`: recorded runs as metrics or as a table, for other tools."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import msgspec

from jevons.cli.project import CouldNotError, find, ledgers, pick_runs, read_runs

if TYPE_CHECKING:
    from jevons.footprint import Overrides
    from jevons.ledger.recorded import Recorded
    from jevons.ledger.spans import Span
    from jevons.report.document import Document
    from jevons.report.export.metric import Metric

SCHEMA = "jevons.export/1"
_DELTA = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"


@click.command(
    "export",
    epilog="""\b
Examples:
  jevons export --to openmetrics                 the latest run, as text
  jevons export --to openmetrics -o metrics.txt  for GitLab's metrics report
  jevons export --to openmetrics --run 30d -o /var/lib/node/jevons.prom
  jevons export --to otlp --endpoint http://127.0.0.1:4318
  OTEL_EXPORTER_OTLP_ENDPOINT=https://otel.example.org \\
      jevons export --to otlp
  jevons export --to parquet --run 2026Q4 -o cells.parquet

\b
Counts are exact; energy, carbon and water are modelled, and the ends of
their 90 % intervals are metrics of their own (.low, .high). What is unknown
is left out. hw.energy is what this machine's counters showed under jevons
run. OTLP goes out over HTTP as Protobuf, to the endpoint that is named and
nowhere else: --endpoint, or OTEL_EXPORTER_OTLP_[METRICS_]ENDPOINT, with
_HEADERS, _TIMEOUT and _COMPRESSION beside it.
""",
)
@click.option("--to", "form", type=click.Choice(["openmetrics", "otlp", "parquet"]), required=True, help="As what.")
@click.option("--run", default="latest", show_default=True, help="Runs: an id, latest, a branch, a date ...")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write to.")
@click.option("--endpoint", default="", metavar="URL", help="Receiver of OTLP over HTTP; /v1/metrics is added.")
@click.option(
    "--temporality", type=click.Choice(["cumulative", "delta"]), help=f"Of OTLP's sums; else {_DELTA}, or cumulative."
)
@click.option("--place", default="", metavar="CODE", help="Where these machines stand: ISO 3166 code or cloud region.")
@click.option(
    "--grid", type=click.Choice(["average", "operating", "build"]), help="Carbon intensity: average or margin."
)
@click.option("--format", "said", type=click.Choice(["text", "json"]), default="text", help="Of what was done.")
def command(
    form: str,
    run: str,
    output: Path | None,
    endpoint: str,
    temporality: str | None,
    place: str,
    grid: str | None,
    said: str,
) -> None:
    """Export what recorded runs used and cost, for dashboards and notebooks."""
    from jevons.footprint import METHOD_VERSION, overrides

    if endpoint and (form != "otlp" or output):
        raise CouldNotError("--endpoint is for --to otlp without a file: sent, or written")
    if output is None and (form == "parquet" or (said == "json" and form == "openmetrics")):
        raise CouldNotError(f"--to {form} wants a file here: -o {'cells.parquet' if form == 'parquet' else 'FILE'}")
    root, settings, home = find()
    homes = ledgers(root, settings, home)
    known = overrides(settings, root, grid or "")
    span = pick_runs(homes, run)
    made, torn = read_runs(homes, span, settings)
    what = _What(made, span, torn, place, known)
    if not any(one.cells for one in made) and not what.measured:
        raise CouldNotError(f"{span.name} holds no AI call and no measurement: nothing to export")
    done: dict[str, Any]
    if form == "parquet" and output is not None:
        done = _table(what, output)
    elif form == "openmetrics":
        done = _text(what, output)
    else:
        asked = temporality or os.environ.get(_DELTA, "").strip().lower() or "cumulative"
        done = _otlp(what, output, endpoint, "cumulative" if asked == "lowmemory" else asked)
    document = {"schema": SCHEMA, "method": METHOD_VERSION, "to": form, "runs": len(made), **done}
    if said == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(document)).decode())
    elif done["where"]:
        click.echo(f"jevons: {_counted(done)} of {span.name}: {done['where']}", err=True)


def _counted(done: dict[str, Any]) -> str:
    if "rows" in done:
        return f"{done['rows']:,} cells"
    return f"{done['points']:,} points of {done['metrics']:,} metrics"


class _What(NamedTuple):
    """What is exported."""

    runs: Sequence[Recorded]
    span: Span
    torn: int
    place: str
    known: Overrides

    @property
    def name(self) -> str:
        return self.runs[0].run.id if len(self.runs) == 1 else self.span.name

    @property
    def measured(self) -> bool:
        runs = [*(one.run for one in self.runs), *self.span.measurements]
        return any(run.machine is not None or run.metered is not None for run in runs)

    def metrics(self) -> tuple[list[Metric], Document]:
        from jevons.report.build import build
        from jevons.report.export.metrics import metrics

        document = build(
            self.runs, name=self.name, by="model", torn=self.torn, place=self.place, overrides=self.known,
            measurements=self.span.measurements,
        )  # fmt: skip
        made = metrics(self.runs, document, place=self.place, overrides=self.known, measurements=self.span.measurements)
        return made, document


def _text(what: _What, output: Path | None) -> dict[str, Any]:
    from jevons.report.export.openmetrics import text
    from jevons.report.text import printable

    made, document = what.metrics()
    about = {
        "project": document.project, "run": document.run, "method": document.method, "trust": document.trust,
        "grid": document.grid, "place": document.place,
    }  # fmt: skip
    whole = text(made, {name: printable(value) for name, value in about.items()})
    if output is None:
        click.echo(whole, nl=False)
    else:
        _write(output, lambda path: path.write_bytes(whole.encode()))
    return _points(made, output)


def _otlp(what: _What, output: Path | None, endpoint: str, temporality: str) -> dict[str, Any]:
    from jevons import __version__
    from jevons.report.export import otlp
    from jevons.report.export.sending import SendError, receiver, send
    from jevons.report.text import printable

    if temporality not in otlp.TEMPORALITIES:
        raise CouldNotError(f"{_DELTA} is {temporality!r}: one of {', '.join(otlp.TEMPORALITIES)}")
    try:
        to = None if output else receiver(endpoint, os.environ)
        if to is None and output is None:
            raise CouldNotError("say where: --endpoint URL, OTEL_EXPORTER_OTLP_ENDPOINT, or -o FILE")
        made, document = what.metrics()
        resource = {
            "service.name": document.project or "jevons", "service.instance.id": what.name,
            "vcs.ref.head.revision": _one(run.run.commit for run in what.runs),
            "vcs.ref.head.name": _one(run.run.branch for run in what.runs),
            "jevons.method": document.method, "jevons.trust": document.trust, "jevons.grid": document.grid,
            "jevons.place": document.place,
        }  # fmt: skip
        told = {name: printable(value) for name, value in resource.items() if value}
        now_us = time.time_ns() // 1_000
        ends = min(what.span.ends or now_us, now_us)
        span_us = (min(what.span.starts or ends, ends), ends)
        body = otlp.request(made, told, __version__, span_us, temporality)
        if to is None:
            assert output is not None  # noqa: S101  else said above
            _write(output, lambda path: path.write_bytes(body))
            return _points(made, output)
        count, why = otlp.refused(send(to, body))
    except otlp.NoProtobufError as error:
        raise CouldNotError(str(error)) from error
    except SendError as error:
        raise CouldNotError(printable(str(error))) from error
    if count:
        raise CouldNotError(printable(f"{to.shown} did not take {count:,} points: {why}"))
    if why:  # taken, with a warning
        click.echo(printable(f"warning: {to.shown}: {why}"), err=True)
    return {**_points(made, output), "where": to.shown, "temporality": temporality}


def _table(what: _What, output: Path) -> dict[str, Any]:
    from jevons.report.export.cells import write

    rows: list[int] = []
    try:
        _write(output, lambda path: rows.append(write(what.runs, path, place=what.place, overrides=what.known)))
    except ImportError as error:
        raise CouldNotError("Parquet needs duckdb: pip install 'jevons[report]'") from error
    return {"where": str(output), "rows": rows[0]}


def _points(made: Sequence[Metric], output: Path | None) -> dict[str, Any]:
    return {
        "where": str(output) if output else "", "metrics": len(made), "points": sum(len(one.points) for one in made),
    }  # fmt: skip


def _write(output: Path, fill: Callable[[Path], object]) -> None:
    """Fill a file beside and put it in its place: who reads it meanwhile (a scrape) sees one whole or the other."""
    draft = output.with_name(f".{output.name}.{os.getpid():x}")
    try:
        fill(draft)
        draft.replace(output)
    except OSError as error:
        raise CouldNotError(f"{output}: {error.strerror or error}") from error
    finally:
        draft.unlink(missing_ok=True)


def _one(values: Iterable[str]) -> str:
    """What all have in common; empty where they differ."""
    found = set(values)
    return found.pop() if len(found) == 1 else ""
