"""A first scenario from a few plain answers; what nobody knows yet is a wide range with its source."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

from jevons.footprint.generation import TRAFFIC_INPUT, TRAFFIC_OUTPUT, TRAFFIC_SOURCE
from jevons.weigh.scenario.amount import ASSUMED
from jevons.weigh.scenario.document import Weighed

UNKNOWN = "?"
WAYS = ("scripts", "people", "crowd", "local", "nothing")


class Question(NamedTuple):
    """One plain question."""

    name: str
    ask: str
    template: str
    """What stands in the file where nobody knows: TOML."""
    source: str
    number: bool = True
    choices: tuple[str, ...] = ()
    share: bool = False


_TOKENS_IN = f"{{low = 200, mid = {TRAFFIC_INPUT:.0f}, high = 4000"
_TOKENS_OUT = f"{{low = 40, mid = {TRAFFIC_OUTPUT:.0f}, high = 800"
_SPREAD = f"middle: {TRAFFIC_SOURCE}; ends: {ASSUMED}"
JUDGE = (
    Question("model", "Which model judges now?", '"gpt-4o"', ASSUMED, number=False),
    Question("calls_per_day", "How many verdicts a day?", "{low = 200, mid = 2000, high = 20000", ASSUMED),
    Question("asked", "Which share of verdicts must agree with people (0 to 1)?", "0.8",
             "Zheng et al. 2023, arXiv 2306.05685: people agree with each other in 81 %", share=True),
    Question("place", "Where would your own machine stand (DE, eu-north-1)?", '""', "world average", number=False),
)  # fmt: skip
COMPARE = (
    Question("unit", "What do you want to get, once (one release regression cycle)?", '"one release regression cycle"',
             ASSUMED, number=False),
    Question("model", "Which model does the AI way ask?", '"gpt-4o"', ASSUMED, number=False),
    Question("calls", "How many calls does it take for that?", "{low = 50, mid = 500, high = 5000", ASSUMED),
    Question("input_tokens", "How many tokens does a call read?", _TOKENS_IN, _SPREAD),
    Question("output_tokens", "How many tokens does it write?", _TOKENS_OUT, _SPREAD),
    Question("other", f"What is the other way ({', '.join(WAYS)})?", '"scripts"', ASSUMED, False, WAYS),
    Question("hours", "How many hours of CI or of people does the other way take?", "", ASSUMED),
    Question("place", "Where do your machines stand (DE, eu-north-1)?", '""', "world average", number=False),
)  # fmt: skip
QUESTIONS = {"judge": JUDGE, "compare": COMPARE}
_HOURS = {"scripts": "{low = 0.1, mid = 0.5, high = 3", "people": "{low = 2, mid = 8, high = 40",
          "crowd": "{low = 5, mid = 20, high = 100"}  # fmt: skip


_UNITS = {"calls": "calls", "input_tokens": "tokens", "output_tokens": "tokens"}
_LOCAL = "llama-3.2-3b"


class AnswerError(ValueError):
    """An answer that cannot be used: which, why, the remedy."""


class Answer(NamedTuple):
    """What stands in the file, and where it is from."""

    toml: str
    source: str
    known: bool


def answer(question: Question, said: str, source: str = "your answer") -> Answer:
    """An answer as TOML: ``120``, ``50-200`` (a range), ``?``. Raises AnswerError."""
    said = said.strip()
    if said in ("", UNKNOWN):
        toml = question.template
        return Answer(
            f"{toml}, source = {_text(question.source)}}}" if toml.startswith("{") else toml, question.source, False
        )
    if not question.number:
        if question.choices and said not in question.choices:
            raise AnswerError(f"{question.name} = {said!r}: one of {', '.join(question.choices)}, or ? for don't know")
        return Answer(_text(said), source, True)
    try:
        ends = [float(part.replace(",", "")) for part in said.split("-")]
    except ValueError:
        ends = []
    if len(ends) not in (1, 2) or not all(0 < end < 1e15 for end in ends) or ends != sorted(ends):
        raise AnswerError(f"{question.name} = {said!r}: a number (120), a range (50-200), or ? for don't know")
    if question.share and not ends[-1] <= 1:
        raise AnswerError(f"{question.name} = {said!r}: a share from 0 to 1")
    if len(ends) == 1:
        toml = f"{ends[0]:g}" if question.share else f"{{value = {ends[0]!r}, source = {_text(source)}}}"
        return Answer(toml, source, True)
    low, high = ends
    mid = (low * high) ** 0.5
    return Answer(f"{{low = {low!r}, mid = {mid:.6g}, high = {high!r}, source = {_text(source)}}}", source, True)


def _text(said: str) -> str:
    """A TOML basic string: JSON's escapes are a part of TOML's, but for DEL."""
    return json.dumps(said, ensure_ascii=True).replace("\x7f", "\\u007f")


def scenario(kind: str, given: Mapping[str, Answer]) -> str:
    """The text of a scenario file. KeyError where a question has no answer."""
    body = _judge(given) if kind == "judge" else _compare(given)
    lines = ["", "[from]", *(f"{name} = {_text(one.source)}" for name, one in given.items())]
    return body + "\n".join(lines) + "\n"


def _head(given: Mapping[str, Answer]) -> str:
    place = given["place"].toml
    return f"place = {place}\n" if place != '""' else ""


def _judge(given: Mapping[str, Answer]) -> str:
    model = given["model"].toml
    small = f"{ASSUMED}: measure it on 200 cases that people judged"
    asks = f'model = {model}\ninput_tokens = "prompt"\noutput_tokens = "verdict"'
    eight = 'model = "llama-3.1-8b"\ninput_tokens = "prompt"\noutput_tokens = "verdict"'
    return f"""\
# Weigh it: jevons weigh FILE. Every range says where it is from: replace those that are not yours.
title = "Train a judge, or reuse one?"
kind = "train-or-reuse"
unit = "three years of verdicts"
{_head(given)}
[inputs]
prompt = {_with_unit(given["input_tokens"].toml, "tokens")}
verdict = {_with_unit(given["output_tokens"].toml, "tokens")}

[demand]
calls_per_day = {given["calls_per_day"].toml}
growth = {{low = 0.02, mid = 0.2, high = 1.0, source = "{ASSUMED}"}}
horizon_years = {{value = 3, source = "{ASSUMED}"}}

[quality]
of = "agreement with people"
asked = {given["asked"].toml}

[alternatives.keep]
title = "keep the judge of now"
role = "keep"
serving = "api"
{asks}

[alternatives.cut]
title = "cut first"
role = "cut first"
serving = "api"
{asks}
share_of_calls = {{low = 0.4, mid = 0.7, high = 0.95, source = "{ASSUMED}: jevons cut says it of your runs"}}

[alternatives.small]
title = "an existing small model"
role = "existing small model"
serving = "api"
{eight}
quality = {{low = 0.55, mid = 0.72, high = 0.9, source = "{small}"}}

[alternatives.finetuned]
title = "a fine-tuned small model on a GPU of ours"
role = "fine-tune"
serving = "always on"
{eight}
idle_power_w = {{low = 90, mid = 150, high = 250, source = "{ASSUMED}: a GPU that waits, with its host"}}
training_time_h = {{low = 10, mid = 40, high = 160, source = "{ASSUMED}: GPU-hours, searches included"}}
training_hardware = "H100"  # {ASSUMED}
retrain_every_months = {{low = 4, mid = 8, high = 18, source = "{ASSUMED}"}}
quality = {{low = 0.6, mid = 0.82, high = 0.93, source = "{small}"}}
"""


def _compare(given: Mapping[str, Answer]) -> str:
    other = json.loads(given["other"].toml)
    people = "people = true\n" if other in ("people", "crowd") else ""
    asked = {name: given[name].toml for name in _UNITS}
    inputs = ""
    if other == "local":  # both ways make the same calls, so what nobody knows of them is drawn once
        lines = [f"{name} = {_with_unit(toml, _UNITS[name])}" for name, toml in asked.items()]
        inputs = "\n".join(["", "[inputs]", *lines, ""])
        asked = {name: f'"{name}"' for name in asked}
    text = f"""\
# Weigh it: jevons weigh FILE. Every range says where it is from: replace those that are not yours.
title = "AI, or the other way?"
unit = {given["unit"].toml}
{people}{_head(given)}{inputs}
[alternatives.ai]
title = "with AI"
[[alternatives.ai.flows]]
what = "calls"
model = {given["model"].toml}
calls = {asked["calls"]}
input_tokens = {asked["input_tokens"]}
output_tokens = {asked["output_tokens"]}
"""
    hours = given["hours"].toml or f'{_HOURS.get(other, "0")}, source = "{ASSUMED}"}}'
    hours = _with_unit(hours, "h")
    if other == "scripts":
        text += f"""
[alternatives.scripts]
title = "scripts in CI"
[[alternatives.scripts.flows]]
what = "ci"
time = {hours}
"""
    elif other == "local":
        text += f"""
[alternatives.local]
title = "a smaller model on a machine of ours"
[[alternatives.local.flows]]
what = "calls"
model = "{_LOCAL}"  # {ASSUMED}: try whether it is good enough
host = "local"
calls = {asked["calls"]}
input_tokens = {asked["input_tokens"]}
output_tokens = {asked["output_tokens"]}
"""
    elif other != "nothing":
        text += f"""
[inputs]
hours = {hours}

[alternatives.{other}]
title = "{"people" if other == "people" else "testers of a crowd"}"
[[alternatives.{other}.flows]]
what = "laptop"
time = "hours"
[[alternatives.{other}.flows]]
what = "people"
time = "hours"
"""
    return text + '\n[alternatives.nothing]\ntitle = "neither"\nflows = []\n'


def _with_unit(toml: str, unit: str) -> str:
    return f'{toml[:-1]}, unit = "{unit}"}}'


def find_out(made: Weighed, given: Mapping[str, Answer]) -> str:
    """Which one answer to find out next: whether a candidate that may take less is good enough; else the input of the
    file that decides most, on average over what is not shown (over all, where that names none), of those that are not
    known yet."""
    if doubt := _quality(made):
        return doubt
    told = [verdict for view in made.views if view.claims for verdict in view.verdicts if verdict.decides]
    known = {label for name, one in given.items() if one.known for label in _labels(name)}
    for some in ([verdict for verdict in told if verdict.verdict == "not shown"], told):
        shares: dict[str, float] = {}
        for one in (effect for verdict in some for effect in verdict.decides if effect.stated):
            if one.what.rpartition(": ")[2] not in known:
                shares[one.what] = shares.get(one.what, 0.0) + one.share / len(some)
        if shares:
            what = max(shares, key=lambda name: shares[name])
            return f"{what} (on average {max(shares[what], 0.0):.0%} of what is not known of the answers)"
    return ""


def _quality(made: Weighed) -> str:
    if made.train is None:
        return ""
    figures = {level.alternative: level.figure for level in made.views[1].levels if level.figure is not None}
    able = [one for one in made.train.candidates if one.meets in ("yes", "as now")]
    doubtful = [one for one in made.train.candidates if one.meets in ("not shown", "unknown")]
    least = min((figures[one.alternative].mid for one in able if one.alternative in figures), default=0.0)
    better = [one for one in doubtful if one.alternative in figures and figures[one.alternative].low < least]
    if not better:
        return ""
    first = min(better, key=lambda one: figures[one.alternative].mid)
    return f"quality of {first.title} on your own cases: nobody has shown that it is good enough, and it may take least"


def _labels(name: str) -> tuple[str, ...]:
    """What an answer's input is called in a file: the judge's tokens have names of their own."""
    return name.replace("_", " "), {"input_tokens": "prompt", "output_tokens": "verdict"}.get(name, name)
