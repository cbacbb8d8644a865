"""inspect_ai's logs (``.json``, and ``.eval`` through `archive`): every call to a model is an event of a sample.

``ModelUsage``: input_tokens excludes cached and cache-written tokens since inspect adopted one rule for all providers;
before, OpenAI's included them. ``total_tokens`` tells which it is (`tokens`). Source: inspect_ai,
model/_model_output.py, log/_log.py. A log without events keeps only each sample's sums.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from jevons.record import Call
from jevons.sources.exchange import mapping
from jevons.sources.logs import tokens
from jevons.sources.logs.entry import Entry, Seen, Skipped, shared_out
from jevons.sources.logs.values import between, failure, moment, of_model, seconds
from jevons.wire.base import Usage, number, text, whole

KIND = "inspect_ai"
_GRADERS = ("grader", "judge", "scorer")


def holds(document: Any) -> bool:
    """Whether a document is such a log."""
    of = mapping(document)
    return "task" in mapping(of.get("eval")) and any(name in of for name in ("samples", "stats", "plan"))


def read(documents: Iterator[Any]) -> Iterator[Entry]:
    """Every event that is a call, and every other one skipped."""
    for document in documents:
        if not holds(document):
            yield Skipped("no log of inspect_ai's")
            continue
        task, samples = text(document["eval"].get("task")), document.get("samples")
        run = text(document["eval"].get("run_id"))
        if not isinstance(samples, list) or not samples:
            yield from _sums(mapping(document.get("stats")).get("model_usage"), task, _completed(document), run)
            continue
        for sample in samples:
            yield from _sample(mapping(sample), task, run)


def _sample(sample: Any, task: str, run: str) -> Iterator[Entry]:
    name = f"{task}[{sample.get('id')}]" if sample.get("id") is not None else task
    attempt = whole(sample.get("epoch")) or 1
    own = text(sample.get("uuid")) or f"{run}/{sample.get('id')}/{attempt}"
    events = sample.get("events")
    found = [mapping(one) for one in events] if isinstance(events, list) else []
    if not any(one.get("event") == "model" for one in found) and sample.get("model_usage"):
        yield from _sums(sample["model_usage"], name, 1, own, attempt)
    for index, event in enumerate(found):
        if event.get("event") != "model":
            yield Skipped("event of another kind than a model's")
        elif event.get("cache") == "read":
            yield Skipped("answered by inspect_ai's own cache: no call was made")
        elif event.get("pending"):
            yield Skipped("model event without an end")
        else:
            yield _event(event, name, attempt, f"{own}/{text(event.get('uuid')) or index}")


def _event(event: Any, test: str, attempt: int, own: str) -> Seen:
    output = mapping(event.get("output"))
    call = _call(event.get("model"), test, attempt)
    call.model_answered = text(output.get("model"))
    call.role = "judge" if text(event.get("role")).lower() in _GRADERS else "product"
    config = mapping(event.get("config"))
    call.temperature, call.max_tokens = number(config.get("temperature")), whole(config.get("max_tokens"))
    call.effort = text(config.get("reasoning_effort"))
    tokens.fill(call, _usage(output.get("usage")))
    call.started_us = moment(event.get("timestamp"))
    call.duration_us = seconds(output.get("time")) or between(call.started_us, moment(event.get("completed")))
    failed = event.get("error") or output.get("error")
    if failed:
        call.error = failure(failed)
    answer = text(mapping(mapping(event.get("call")).get("response")).get("id"))
    return Seen(call, (f"inspect_ai:{own}", *([f"answer:{answer}"] if answer else [])))


def _sums(usage: Any, test: str, requests: int, own: str, attempt: int = 1) -> Iterator[Entry]:
    """Calls of a log that keeps sums by model alone: as many as samples, at least."""
    for model, of in mapping(usage).items():
        call = _call(model, test, attempt)
        tokens.fill(call, _usage(of))
        for number_, one in enumerate(shared_out(call, requests)):
            yield Seen(one, (f"inspect_ai:{own}/{model}/{number_}",))


def _call(model: Any, test: str, attempt: int) -> Call:
    provider, name = of_model(model)
    return Call(id="", run="", provider=provider, model=name, test=test, attempt=attempt)


def _usage(usage: Any) -> Usage | None:
    return tokens.of_usage(usage, cached_inside=False) if isinstance(usage, dict | msgspec.Struct) else None


def _completed(document: Any) -> int:
    return whole(mapping(document.get("results")).get("completed_samples")) or 1
