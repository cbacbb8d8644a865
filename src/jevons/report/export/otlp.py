"""Metrics as a request of OTLP in Protobuf (``ExportMetricsServiceRequest``). Needs opentelemetry-proto.

Sums say their temporality. Cumulative, as OpenTelemetry has it unless told otherwise: from the start of the runs on,
in a stream of their own (``service.instance.id``), so that to send them twice changes nothing. Delta: to be added to
what was sent before, once. Counts only grow; a modelled amount of the same calls may be less by a later method, so
its cumulative sum is not monotonic. Source: opentelemetry.io/docs/specs/otel/metrics/data-model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jevons.report.export.metric import Metric, Point

TEMPORALITIES = ("cumulative", "delta")


class NoProtobufError(ImportError):
    """opentelemetry-proto is not installed: names the extra."""


def request(
    metrics: Iterable[Metric],
    resource: Mapping[str, str],
    version: str,
    span_us: tuple[int, int],
    temporality: str = "cumulative",
) -> bytes:
    """The request's bytes. `span_us`: first and last microsecond, since 1970 UTC, that the metrics are about;
    `version` is that of jevons. Raises NoProtobufError."""
    try:
        from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
        from opentelemetry.proto.metrics.v1 import metrics_pb2 as pb
    except ImportError as error:
        raise NoProtobufError("OTLP needs opentelemetry-proto: pip install 'jevons[sources]'") from error
    begin, end = (time_us * 1000 for time_us in span_us)
    delta = temporality == "delta"
    way = pb.AGGREGATION_TEMPORALITY_DELTA if delta else pb.AGGREGATION_TEMPORALITY_CUMULATIVE
    made = ExportMetricsServiceRequest()
    of = made.resource_metrics.add()
    _attributes(of.resource, resource)
    scope = of.scope_metrics.add()
    scope.scope.name, scope.scope.version = "jevons", version
    for metric in metrics:
        one = scope.metrics.add(name=metric.name, unit=metric.unit, description=metric.about)
        if metric.kind == "gauge":
            into = one.gauge
        else:
            into = one.sum
            into.aggregation_temporality = way
            into.is_monotonic = metric.kind == "count" or delta
        for point in metric.points:
            _point(into.data_points.add(start_time_unix_nano=begin, time_unix_nano=end), point)
    data: bytes = made.SerializeToString()
    return data


def refused(answer: bytes) -> tuple[int, str]:
    """(points that a receiver did not take, why) of the body of its answer; nothing where it is none."""
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse

    try:
        told = ExportMetricsServiceResponse.FromString(answer).partial_success
    except DecodeError:  # some receivers answer with words
        return 0, ""
    return told.rejected_data_points, told.error_message


def _point(into: Any, point: Point) -> None:
    _attributes(into, point.attributes)
    if isinstance(point.value, int):
        into.as_int = point.value
    else:
        into.as_double = point.value


def _attributes(into: Any, attributes: Mapping[str, str]) -> None:
    for name, value in attributes.items():
        into.attributes.add(key=name).value.string_value = value
