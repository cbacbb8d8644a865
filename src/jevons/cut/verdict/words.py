"""A verdict in plain words: what it is on, how sure, what it rests on, what was not needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jevons.cut.verdict import flaky

if TYPE_CHECKING:
    from jevons.cut.verdict.sequence import Sequence


def told(sequence: Sequence) -> str:
    """One line."""
    question, size, used = sequence.question, len(sequence.order), len(sequence.entered)
    if sequence.decision is None:
        said = f"open: whether {question.words(size)}"
        last = "no item is left" if used == size else f"{used} of {size} items counted"
        return f"{said}; {last} (seed {sequence.seed}){_how(sequence)}"
    if sequence.certain:
        sure = "counted out" if used == size else "certain: the rest could not change it"
    else:
        sure = f"at most {(1 - question.confidence) * 100:.3g} in 100 such verdicts are wrong"
    rest = f", {size - used} not needed: verdict settled" if used < size else ""
    words = question.words(size, sequence.decision == "pass")
    said = f"{sequence.decision}: {words} ({sure})"
    return f"{said}; {used} of {size} items used{rest} (seed {sequence.seed}){_how(sequence)}"


def _how(sequence: Sequence) -> str:
    question, notes = sequence.question, []
    if question.repeats > 1:
        notes.append(flaky.WORDS[question.rule].format(repeats=question.repeats))
    if sequence.strata:
        failed = sequence.failed_strata
        where = f"in {', '.join(failed)}" if failed else f"in each of {len(sequence.strata)} strata"
        notes.append(where)
    if sequence.clusters:
        notes.append(f"{sequence.clusters} clusters count once each")
    return "; ".join(["", *notes])
