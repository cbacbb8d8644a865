"""promptfoo's results (``-o out.json``): calls to the provider under test, and those of its model-graded assertions.

``tokenUsage``: ``cached`` counts what promptfoo's own cache answered, and no call was made for it: total = prompt +
completion + cached. ``numRequests`` calls share a row's tokens; an assertion that does not count its own is one.
Source: promptfoo/promptfoo, src/types/shared.ts, src/util/tokenUsageUtils.ts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jevons.record import Call
from jevons.sources.exchange import mapping
from jevons.sources.logs import tokens
from jevons.sources.logs.entry import Entry, Seen, Skipped, shared_out
from jevons.sources.logs.values import moment, of_model
from jevons.wire.base import number, text, whole

KIND = "promptfoo"


def holds(document: Any) -> bool:
    """Whether a document is such a file."""
    of = mapping(document)
    results = mapping(of.get("results"))
    return "evalId" in of and ("prompts" in results or "results" in results)


def read(documents: Iterator[Any]) -> Iterator[Entry]:
    """Every result and its judged assertions; of a file without results, the sums of its prompts."""
    for document in documents:
        if not holds(document):
            yield Skipped("no file of promptfoo's")
            continue
        results, own = document["results"], text(document.get("evalId"))
        began = moment(results.get("timestamp"))
        rows = results.get("results")
        if isinstance(rows, list) and rows:
            for number_, row in enumerate(rows):
                yield from _row(mapping(row), f"{own}/{text(mapping(row).get('id')) or number_}", began)
            continue
        for number_, prompt in enumerate(results.get("prompts") or []):
            yield from _sums(mapping(prompt), f"{own}/{number_}", began)


def _row(row: Any, own: str, began: int) -> Iterator[Entry]:
    response, grading = mapping(row.get("response")), mapping(row.get("gradingResult"))
    usage = mapping(response.get("tokenUsage")) or mapping(row.get("tokenUsage"))
    call = _call(mapping(row.get("provider")).get("id", row.get("provider")), f"promptfoo[{row.get('testIdx')}]", began)
    call.duration_us = round((number(row.get("latencyMs")) or 0) * 1e3)
    if row.get("failureReason") == 2:  # ResultFailureReason.ERROR: the provider failed; 1 is an assertion that failed
        call.error = "error"
    yield from _counted(call, usage, own, cached=response.get("cached") is True)
    judged = [mapping(one).get("tokensUsed") for one in grading.get("componentResults") or []]
    for number_, one in enumerate(judged if any(judged) else [grading.get("tokensUsed")]):
        judge = _call("", call.test, began)
        judge.role = "judge"
        yield from _counted(judge, mapping(one), f"{own}/assertion/{number_}", empty="assertion that asked no model")


def _sums(prompt: Any, own: str, began: int) -> Iterator[Entry]:
    usage = mapping(mapping(prompt.get("metrics")).get("tokenUsage"))
    yield from _counted(_call(prompt.get("provider"), "promptfoo", began), usage, own)
    judge = _call("", "promptfoo", began)
    judge.role = "judge"
    yield from _counted(
        judge, mapping(usage.get("assertions")), f"{own}/assertions", empty="assertions that asked no model"
    )


def _counted(
    call: Call, usage: Any, own: str, cached: bool = False, empty: str = "result that shows no tokens"
) -> Iterator[Entry]:
    prompt, written, from_cache = (whole(usage.get(name)) for name in ("prompt", "completion", "cached"))
    if cached or (from_cache and not prompt and not written):
        yield Skipped("answered by promptfoo's own cache: no call was made")
        return
    if from_cache:
        yield Skipped("tokens of promptfoo's own cache among sums: no call was made")
    if not (prompt or written or call.error):
        yield Skipped(empty)
        return
    reasoning = whole(mapping(usage.get("completionDetails")).get("reasoning"))
    tokens.fill(call, tokens.canonical(prompt, written, reasoning=reasoning))
    for number_, one in enumerate(shared_out(call, whole(usage.get("numRequests")) or 1)):
        yield Seen(one, (f"promptfoo:{own}/{number_}",))


def _call(named: Any, test: str, began: int) -> Call:
    provider, model = of_model(named)
    return Call(id="", run="", provider=provider, model=model, test=test, started_us=began)
