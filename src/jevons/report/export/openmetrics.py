"""Metrics as OpenMetrics text 1.0, for Prometheus (its textfile collector too) and GitLab's metrics reports.

Names as OpenTelemetry's mapping has them: dots become underscores, the unit is the end of the name. Only types and
signs that Prometheus's older text format knows too are used, and no times: the textfile collector reads that one and
refuses them. Sources: prometheus.io/docs/specs/om/open_metrics_spec; opentelemetry.io/docs/specs/otel/compatibility/
prometheus_and_openmetrics.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from jevons.report.export.metric import Metric

MEDIA = "application/openmetrics-text; version=1.0.0; charset=utf-8"
UNITS = {"J": "joules", "g": "grams", "L": "liters", "s": "seconds", "1": "ratio"}
"""UCUM -> last part of the name; counts of things (``{call}``) have none."""
_NO_NAME = re.compile(r"[^a-zA-Z0-9_]")


def text(metrics: Iterable[Metric], about: Mapping[str, str]) -> str:
    """The text; `about` tells of all of it, as labels of ``jevons_export``."""
    lines = ["# TYPE jevons_export gauge", "# HELP jevons_export What the metrics below are of."]
    lines.append(f"jevons_export{_labels(about)} 1")
    for metric in metrics:
        lines += _family(metric)
    return "\n".join([*lines, "# EOF"]) + "\n"


def _family(metric: Metric) -> Iterator[str]:
    unit = UNITS.get(metric.unit, "")
    name = _NO_NAME.sub("_", metric.name) + (f"_{unit}" if unit else "")
    counter = metric.kind == "count"
    yield f"# TYPE {name} {'counter' if counter else 'gauge'}"
    if unit:
        yield f"# UNIT {name} {unit}"
    yield f"# HELP {name} {_escaped(metric.about)}."
    for point in metric.points:
        yield f"{name}{'_total' if counter else ''}{_labels(point.attributes)} {point.value!r}"


def _labels(attributes: Mapping[str, str]) -> str:
    inside = ",".join(f'{_NO_NAME.sub("_", name)}="{_escaped(value)}"' for name, value in attributes.items())
    return f"{{{inside}}}" if inside else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
