"""Linear coefficients against the step itself, call by call at the same serving; partitions of ten thousand calls."""

import math
import random

import pytest

from jevons.footprint import account, total
from jevons.footprint.generation import TRAFFIC_INPUT, TRAFFIC_OUTPUT, Network, coefficients, served_by
from jevons.footprint.rates import FIGURES
from jevons.footprint.step import fitted, kv_bytes_of, layers_of, step
from jevons.footprint.timing import states
from jevons.ledger.cells import cells
from jevons.record import Call

USUAL = TRAFFIC_INPUT + TRAFFIC_OUTPUT / 2


def unlinearised(network, served, calls):
    """Joules of calls, each in a batch of usual requests: what the step takes with it, less what it takes of theirs."""

    def joules(context, fresh_per_output):
        made = step(
            fitted().constants, served.gpu, total_b=network.total_b, active_b=network.active_b,
            weight_bytes=network.weight_bytes, layers=layers_of(network.total_b),
            kv_bytes=kv_bytes_of(network.active_b), mixture=int(network.active_b < network.total_b),
            gpus=served.gpus, batch=served.batch, context=context,
            fresh_per_output=fresh_per_output,
        )  # fmt: skip
        return made.joules

    batch, usual = served.batch, joules(USUAL, 0.0)
    prefill = (joules(USUAL, 1.0) - usual) / batch
    spent = 0.0
    for fresh, output in calls:
        context = fresh + output / 2
        own = joules(((batch - 1) * USUAL + context) / batch, 0.0) - usual * (batch - 1) / batch
        spent += output * own + fresh * prefill
    return spent


@pytest.mark.parametrize("batch", [4.0, 16.0, 64.0, 256.0])
@pytest.mark.parametrize("sizes", [(8.0, 8.0), (70.0, 70.0), (405.0, 405.0), (235.0, 22.0), (30.0, 3.0)])
def test_every_group_is_within_two_percent_of_the_step(sizes, batch):
    network = Network(total_b=sizes[0], active_b=sizes[1])
    served = served_by("H100", gpus=8, batch=batch)
    law = coefficients(network, served).coefficients
    draw = random.Random(3)
    groups = [
        [(int(10 ** draw.uniform(1, math.log10(200_000))), int(10 ** draw.uniform(0, 4))) for _ in range(50)]
        for _ in range(20)
    ]
    worst = 0.0
    for calls in groups:
        linear = sum(
            law.joules(1, fresh, 0, output, 0, output * fresh + output * (output - 1) // 2) for fresh, output in calls
        )
        worst = max(worst, abs(linear / unlinearised(network, served, calls) - 1))
    assert worst < 0.02


def test_any_partition_of_ten_thousand_calls_adds_up():
    draw = random.Random(7)
    models = ["gpt-4o", "claude-sonnet-4-5", "llama-3.1-70b", "qwen3-32b", "text-embedding-3-small", "nobody-knows"]
    calls = []
    for number in range(10_000):
        whole, timed = draw.randrange(200_000), draw.random() < 0.5
        model = draw.choice(models)
        calls.append(
            Call(
                id=str(number), run="r", provider=draw.choice(["openai", "anthropic", "aws.bedrock"]), model=model,
                kind="embeddings" if "embedding" in model else "chat", status=draw.choice([200, 200, 200, 500]),
                usage=draw.choice(["reported", "estimated"]), input_tokens=whole,
                cached_tokens=draw.randrange(whole + 1), output_tokens=draw.randrange(8_000),
                region=draw.choice(["", "eu-west-3", "us-east-1"]), started_us=1_790_000_000_000_000,
                timed=timed, first_us=10 if timed else None, decode_us=draw.randrange(1, 10**8) if timed else None,
            )
        )  # fmt: skip
    whole = cells(calls)
    timings = states(whole)
    reference = total(account(whole, timings=timings)).live.figures
    for groups in (2, 17, 1_000):
        found = {one.id: draw.randrange(groups) for one in calls}
        parts = account(cells(calls, lambda one, found=found: (found[one.id],)), timings=timings)
        summed = total(parts).live.figures
        for name in FIGURES:
            assert math.isclose(summed.amount(name), reference.amount(name), rel_tol=1e-12)
            apart = [account_of(parts, group).amount(name) for group in range(groups)]
            assert math.isclose(math.fsum(apart), reference.amount(name), rel_tol=1e-12)


def account_of(parts, group):
    return total(one for one in parts if one.cell.group == (group,)).live.figures
