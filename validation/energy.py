"""Judge the energy model by PROTOCOL.md and write what it found.

    python validation/energy.py MEASUREMENTS.csv            the table
    python validation/energy.py MEASUREMENTS.csv --write    and VALIDATION.md, src/jevons/footprint/fitted.json

Needs numpy, scipy and ecologits 0.11.3 (dependency group `validation`). About half a minute.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import itertools
import json
import pathlib
from collections.abc import Callable, Iterable

import numpy as np
from ecologits.impacts import llm as ecologits
from scipy.optimize import least_squares

from jevons.footprint import generation
from jevons.footprint import step as law

HERE = pathlib.Path(__file__).parent
GPUS = {  # TDP W, bandwidth GB/s, bf16 TFLOP/s, memory GB: NVIDIA data sheets
    "A100-SXM-40GB": (400, 1555, 312, 40),
    "H100-SXM-80GB": (700, 3350, 989, 80),
    "B200": (1000, 7700, 2250, 180),
}
INPUT = {"chat": 150, "lm-arena-chat": 150, "gpqa": 250, "code": 150, "sourcegraph-fim": 2000}
START = law.Constants(
    memory=0.6, compute=0.4, norm=1.0, base_s=1e-3, layer_s=1e-4, exchange_s=3e-4, sequence_s=1e-5, mixture=1.0,
    old_engine=1.6, idle_share=0.25, memory_share=0.35, compute_share=0.5, prefill=1.0, kv=1.0,
)  # fmt: skip
MOST = {"memory": 0.95, "compute": 0.8, "idle_share": 0.4, "memory_share": 0.6, "compute_share": 0.6}
"""No GPU reaches more of its data sheet; memory or compute alone draw no more than TDP."""
NAMES = list(START.__struct_fields__)
FORMS = {  # constants that are fitted; the others stay at their start
    "P2 without layers": [n for n in NAMES if n not in ("layer_s", "exchange_s", "prefill", "kv")],
    "P3 without key-value factor": [n for n in NAMES if n != "kv"],
    "P3": NAMES,
}
BATCHES = np.geomspace(4, 4096, 61)
DRAWS = 4000
NOTE = (
    "# How well the energy model predicts\n\nWritten by `make validate WRITE=--write`, not by hand. "
    "What the columns mean, and the bars: `validation/PROTOCOL.md`.\n\n"
)


class Rows:
    """Columns of the measured rows, as arrays of one length."""

    def __init__(self, path: pathlib.Path, **assume: int) -> None:
        known = {row["model_id"]: row for row in csv.DictReader((HERE / "models.csv").open(encoding="utf-8"))}
        tokens = INPUT | assume
        rows = [
            row
            for row in csv.DictReader(path.open(encoding="utf-8"))
            if row["source"] in ("ml.energy-v2", "ml.energy-v3")
            and row["workload"].rpartition("/")[2] in tokens
            and row["workload"].partition("/")[0] in (*tokens, "llm_text_generation")
        ]
        number = lambda name: np.array([float(row[name]) for row in rows])  # noqa: E731
        self.model = np.array([row["model_id"] for row in rows])
        self.lineage = np.array([known[m]["lineage"] for m in self.model])
        self.gpu = np.array([row["gpu"] for row in rows])
        self.batch = number("batch_avg")
        self.output = number("output_tokens")
        self.joules = np.log(number("j_per_output_token"))
        self.seconds = np.log(number("itl_s"))
        workload = np.array([row["workload"].rpartition("/")[2] for row in rows])
        self.input = np.array([float(tokens[w]) for w in workload])
        self.active_b = number("active_params_b")
        sheet = np.array([GPUS[g] for g in self.gpu], float).T
        self.accelerator = law.Accelerator(*sheet[:3])
        self.inputs = {
            "total_b": number("total_params_b"),
            "active_b": self.active_b,
            "weight_bytes": number("weight_bits") / 8,
            "layers": np.array([float(known[m]["layers"]) for m in self.model]),
            "kv_bytes": np.array([float(known[m]["kv_bytes"]) for m in self.model]),
            "mixture": np.array([float(row["architecture"] == "moe") for row in rows]),
            "gpus": number("n_gpus"),
            "context": self.input + self.output / 2,
            "fresh_per_output": self.input / self.output,
            "old_engine": np.array([float(row["source"] == "ml.energy-v2") for row in rows]),
        }

    def without_configs(self) -> None:
        """Forget layers and key-value sizes: what is known of a model that no table lists."""
        self.inputs["layers"] = law.layers_of(self.inputs["total_b"])
        self.inputs["kv_bytes"] = law.kv_bytes_of(self.active_b)

    def predict(self, constants: law.Constants, at: np.ndarray, **other: object) -> tuple[np.ndarray, np.ndarray]:
        """Log joules per output token and log seconds of the rows `at`."""
        sheet = (getattr(self.accelerator, name)[at] for name in law.Accelerator.__struct_fields__)
        gpu = other.pop("gpu", None) or law.Accelerator(*sheet)
        given = {name: column[at] for name, column in self.inputs.items()} | {"batch": self.batch[at]} | other
        made = law.step(constants, gpu, **given)
        return np.log(made.joules / given["batch"]), np.log(made.seconds)


def fit(rows: Rows, at: np.ndarray, names: list[str]) -> law.Constants:
    """Constants that fit the rows `at`: log joules and half-weighted log seconds, soft L1, weak pull to the start."""
    start = np.log([getattr(START, name) for name in names])

    def constants(x: np.ndarray) -> law.Constants:
        fields = {name: getattr(START, name) for name in NAMES} | dict(zip(names, np.exp(x), strict=True))
        return law.Constants(**fields)

    def residuals(x: np.ndarray) -> np.ndarray:
        joules, seconds = rows.predict(constants(x), at)
        pull = 0.01 * np.sqrt(at.sum()) * (x - start)
        return np.concatenate([joules - rows.joules[at], 0.5 * (seconds - rows.seconds[at]), pull])

    most = np.log([MOST.get(name, np.inf) for name in names])
    found = least_squares(
        residuals, np.minimum(start, most - 1e-3), bounds=(-np.inf, most),
        loss="soft_l1", f_scale=0.3, x_scale="jac", max_nfev=200,
    )  # fmt: skip
    return constants(found.x)


class Errors:
    """Spread and slope of inner errors: what a prediction with latency needs."""

    def __init__(self, joules: np.ndarray, seconds: np.ndarray) -> None:
        self.energy_sd = float(np.std(joules))
        self.time_sd = float(np.std(seconds))
        self.slope = float(np.cov(joules, seconds)[0, 1] / np.var(seconds))
        self.shift = 0.0
        """Median of log measured / predicted where the model alone is known: the scenarios are a judgement."""


def by_latency(
    rows: Rows, c: law.Constants, at: np.ndarray, train: np.ndarray, errors: Errors, seen: np.ndarray
) -> np.ndarray:
    """Batch unknown, seconds `seen`: mean over batches, weighted by prior and by how well each explains the seconds."""
    logs = np.log(rows.batch[train])
    made = [rows.predict(c, at, batch=np.full(at.sum(), b)) for b in BATCHES]
    joules, seconds = np.array([m[0] for m in made]), np.array([m[1] for m in made])
    off = seen[None] - seconds
    weight = -0.5 * (off / errors.time_sd) ** 2 - 0.5 * ((np.log(BATCHES)[:, None] - logs.mean()) / logs.std()) ** 2
    weight = np.exp(weight - weight.max(0))
    return ((weight / weight.sum(0)) * (joules + errors.slope * off)).sum(0)


def by_model(rows: Rows, c: law.Constants, at: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Model and tokens alone: mean over GPU types, the fewest GPUs that hold the weights or twice these, batches."""
    logs = np.log(rows.batch[train])
    batches = np.exp(logs.mean() + logs.std() * np.array([-1.5, -1, -0.5, 0, 0.5, 1, 1.5]))
    weights_gb = rows.inputs["total_b"][at] * rows.inputs["weight_bytes"][at]
    made = []
    for gpu in ("H100-SXM-80GB", "B200"):
        least = 2.0 ** np.ceil(np.log2(np.maximum(1, 1.2 * weights_gb / GPUS[gpu][3])))
        for gpus, batch in itertools.product((least, 2 * least), batches):
            made.append(
                rows.predict(c, at, gpu=law.Accelerator(*GPUS[gpu][:3]), gpus=gpus, batch=batch, old_engine=0)[0]
            )
    return np.mean(made, 0)


STATES = ("serving", "serving and latency", "latency", "latency, noisy", "model")


def states(
    rows: Rows, c: law.Constants, test: np.ndarray, train: np.ndarray, errors: Errors, noisy: np.ndarray
) -> dict[str, np.ndarray]:
    """Log joules per output token of the rows `test` in each state of knowledge."""
    joules, seconds = rows.predict(c, test)
    seen = rows.seconds[test]
    return {
        "serving": joules,
        "serving and latency": joules + errors.slope * (seen - seconds),
        "latency": by_latency(rows, c, test, train, errors, seen),
        "latency, noisy": by_latency(rows, c, test, train, errors, noisy[test]),
        "model": by_model(rows, c, test, train) + errors.shift,
    }


def leave_out(rows: Rows, groups: np.ndarray, train: np.ndarray, names: list[str]) -> dict[str, law.Constants]:
    """Fits to the training rows without each of their groups in turn."""
    return {g: fit(rows, train & (groups != g), names) for g in sorted(set(groups[train]))}


def choose(rows: Rows, train: np.ndarray) -> tuple[str, dict[str, law.Constants]]:
    """The form with the least inner error, and its inner fits; none of them needs more than arithmetic."""
    scores, fits = {}, {}
    for form, names in FORMS.items():
        fits[form] = leave_out(rows, rows.lineage, train, names)
        errors = []
        for lineage, constants in fits[form].items():
            test = train & (rows.lineage == lineage)
            errors.append(np.abs(np.expm1(rows.predict(constants, test)[0] - rows.joules[test])))
        scores[form] = np.concatenate(errors).mean()
    best = min(FORMS, key=lambda form: scores[form])
    return best, fits[best]


def quantile(scores: np.ndarray, level: float = 0.9) -> float:
    """Conformal quantile: the ceil((n + 1) level)-th smallest, the largest where there are too few."""
    rank = min(int(np.ceil((len(scores) + 1) * level)), len(scores))
    return float(np.sort(scores)[rank - 1])


def bands(off: np.ndarray, lineage: np.ndarray) -> tuple[float, float]:
    """Half-widths in logs: pooled, and one score per lineage."""
    per = [np.quantile(np.abs(off[lineage == name]), 0.9) for name in sorted(set(lineage))]
    return quantile(np.abs(off)), quantile(np.array(per))


def inner(
    rows: Rows, train: np.ndarray, fits: dict[str, law.Constants], noisy: np.ndarray
) -> tuple[Errors, dict[str, np.ndarray]]:
    """Errors (log measured - log predicted) of the training rows, each predicted without its lineage."""
    joules, seconds = np.zeros(len(train)), np.zeros(len(train))
    for lineage, constants in fits.items():
        test = train & (rows.lineage == lineage)
        made = rows.predict(constants, test)
        joules[test], seconds[test] = rows.joules[test] - made[0], rows.seconds[test] - made[1]
    errors = Errors(joules[train], seconds[train])
    off = {state: np.full(len(train), np.nan) for state in STATES}
    for lineage, constants in fits.items():
        test = train & (rows.lineage == lineage)
        made = states(rows, constants, test, train & (rows.lineage != lineage), errors, noisy)
        for state in STATES:
            off[state][test] = rows.joules[test] - made[state]
    errors.shift = float(np.median(off["model"][train]))
    off["model"] -= errors.shift
    return errors, off


PAIRS: dict[str, Callable[[Rows, np.ndarray, np.ndarray], np.ndarray]] = {
    "same model, other serving": lambda r, a, b: r.model[a] == r.model[b],
    "other model, same GPU, count and batch class": lambda r, a, b: (
        (r.model[a] != r.model[b]) & (r.gpu[a] == r.gpu[b]) & (r.inputs["gpus"][a] == r.inputs["gpus"][b])
        & (np.abs(np.log2(r.batch[a] / r.batch[b])) <= 1)
    ),
    "other model, other serving": lambda r, a, b: r.model[a] != r.model[b],
}  # fmt: skip


def pairs(rows: Rows, firsts: np.ndarray, seconds: np.ndarray, kind: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Up to 4,000 pairs of rows of a kind."""
    draw = np.random.default_rng(seed)
    a, b = draw.choice(np.flatnonzero(firsts), 60_000), draw.choice(np.flatnonzero(seconds), 60_000)
    fits = PAIRS[kind](rows, a, b) & (a != b)
    return a[fits][:4000], b[fits][:4000]


def judge(rows: Rows) -> dict:
    """Nested leave-one-lineage-out."""
    everything = np.ones(len(rows.joules), bool)
    noisy = rows.seconds + 0.25 * np.random.default_rng(0).standard_normal(len(rows.joules))
    off = {state: np.zeros(len(rows.joules)) for state in STATES}
    width = {state: np.zeros((2, len(rows.joules))) for state in STATES}
    ratios: dict = {(state, kind): [] for state in ("serving", "latency") for kind in PAIRS}
    calibrations: dict = {}
    chosen = {}
    for n, lineage in enumerate(sorted(set(rows.lineage))):
        test, train = rows.lineage == lineage, rows.lineage != lineage
        form, fits = choose(rows, train)
        chosen[lineage] = form
        errors, inside = inner(rows, train, fits, noisy)
        constants = fit(rows, train, FORMS[form])
        made = states(rows, constants, test, train, errors, noisy)
        for state in STATES:
            off[state][test] = rows.joules[test] - made[state]
            width[state][0, test], width[state][1, test] = bands(inside[state][train], rows.lineage[train])
        for state, kind in ratios:
            a, b = pairs(rows, train, train, kind, n)
            calibrations[state, kind, lineage] = quantile(np.abs(inside[state][a] - inside[state][b]))
    for n, lineage in enumerate(sorted(set(rows.lineage))):
        for state, kind in ratios:
            a, b = pairs(rows, rows.lineage == lineage, everything, kind, 100 + n)
            half = calibrations[state, kind, lineage]
            ratios[state, kind] += [
                (lineage, half, abs(off[state][i] - off[state][j]) <= half) for i, j in zip(a, b, strict=True)
            ]
    return {"off": off, "width": width, "ratios": ratios, "chosen": chosen}


def boot(values: np.ndarray, lineage: np.ndarray) -> tuple[float, float]:
    """95 % range of the mean of `values` when lineages are drawn with replacement."""
    names = sorted(set(lineage))
    sums = np.array([values[lineage == name].sum() for name in names])
    counts = np.array([(lineage == name).sum() for name in names])
    drawn = np.random.default_rng(0).integers(len(names), size=(DRAWS, len(names)))
    low, high = np.quantile(sums[drawn].sum(1) / counts[drawn].sum(1), [0.025, 0.975])
    return float(low), float(high)


def summary(name: str, off: np.ndarray, lineage: np.ndarray, width: np.ndarray | None = None) -> list[str]:
    """One line of the table."""
    ape = np.abs(np.expm1(-off)) * 100
    family = {n: ape[lineage == n].mean() for n in sorted(set(lineage))}
    worst = max(family, key=lambda n: family[n])
    low, high = boot(ape, lineage)
    cells = [
        name, f"{ape.mean():.1f}", f"{np.median(ape):.1f}", f"{np.median(np.exp(-off)):.2f}",
        f"{np.mean(list(family.values())):.1f}", f"{worst} {family[worst]:.0f}", f"{low:.0f} to {high:.0f}",
    ]  # fmt: skip
    for half in [] if width is None else width:
        inside = (np.abs(off) <= half) * 100.0
        low, high = boot(inside, lineage)
        cells += [f"{inside.mean():.1f}", f"{low:.0f} to {high:.0f}", f"x{np.exp(np.median(half)):.2f}"]
    return cells + ["none", *[""] * 5] * (width is None)


def others(rows: Rows) -> np.ndarray:
    """Log measured over EcoLogits 0.11.3: its GPUs x its energy per GPU; no batch, no input tokens."""
    made = []
    for total, active in zip(rows.inputs["total_b"], rows.active_b, strict=True):
        memory = ecologits.model_required_memory(total, ecologits.MODEL_QUANTIZATION_BITS)
        gpus = ecologits.gpu_required_count(memory, ecologits.GPU_MEMORY)
        kwh = ecologits.gpu_energy(
            active, 1, ecologits.BATCH_SIZE,
            ecologits.GPU_ENERGY_ALPHA, ecologits.GPU_ENERGY_BETA, ecologits.GPU_ENERGY_GAMMA,
        )  # fmt: skip
        made.append(gpus * float(kwh) * 3.6e6)
    return rows.joules - np.log(made)


def table(head: Iterable[str], body: Iterable[Iterable[str]]) -> str:
    """Markdown."""
    head = list(head)
    return "\n".join(["| " + " | ".join(line) + " |" for line in [head, ["---"] * len(head), *map(list, body)]])


def main() -> None:
    """Command line."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("measurements", type=pathlib.Path)
    asked.add_argument("--write", action="store_true")
    told = asked.parse_args()
    digest = hashlib.sha256(told.measurements.read_bytes()).hexdigest()
    rows = Rows(told.measurements)
    result = judge(rows)
    head = ["known", "MAPE %", "median APE %", "pred/meas", "lineage mean %", "worst lineage", "bootstrap",
            "known lineage: cover %", "bootstrap", "half-width",
            "new lineage: cover %", "bootstrap", "half-width"]  # fmt: skip
    body = [summary(s, result["off"][s], rows.lineage, result["width"][s]) for s in STATES]
    body.append(summary("EcoLogits 0.11.3", others(rows), rows.lineage))
    text = [table(head, body)]

    blind = Rows(told.measurements)
    blind.without_configs()
    long = Rows(told.measurements, code=2000)
    everything = np.ones(len(rows.joules), bool)
    checks = []
    for name, other in (("layers and key-value sizes not known", blind), ("2,000 input tokens in v2 code, too", long)):
        fits = leave_out(other, other.lineage, everything, NAMES)
        _, inside = inner(other, everything, fits, other.seconds)
        checks += [summary(f"{name}: {state}", inside[state], rows.lineage)[:7] for state in ("serving", "latency")]
    for gpu in GPUS:
        test = rows.gpu == gpu
        fits = leave_out(rows, rows.lineage, ~test, NAMES)
        errors, _ = inner(rows, ~test, fits, rows.seconds)
        made = states(rows, fit(rows, ~test, NAMES), test, ~test, errors, rows.seconds)
        for state in ("serving", "latency"):
            checks.append(
                summary(f"{gpu} left out: {state}", (rows.joules[test] - made[state]), rows.lineage[test])[:7]
            )
    text += [
        "\nNot nested (P3, each row predicted without its lineage, or without its GPU):\n",
        table(head[:7], checks),
    ]

    lines = []
    for (state, kind), made in result["ratios"].items():
        names, halves, inside = (
            np.array([m[0] for m in made]),
            np.array([m[1] for m in made]),
            np.array([m[2] for m in made]) * 100.0,
        )
        low, high = boot(inside, names)
        lines.append(
            [
                state,
                kind,
                f"{len(made)}",
                f"{inside.mean():.1f}",
                f"{low:.0f} to {high:.0f}",
                f"x{np.exp(np.median(halves)):.2f}",
            ]
        )
    text += [
        "\nRatios of two rows, 90 % intervals:\n",
        table(["known", "pair", "pairs", "cover %", "bootstrap", "half-width"], lines),
    ]
    counts = {form: sum(f == form for f in result["chosen"].values()) for form in FORMS}
    text.append(
        "\nForms chosen by the inner errors: " + ", ".join(f"{form} {n}" for form, n in counts.items() if n) + "."
    )
    text.append(
        f"\n{len(rows.joules)} rows of {len(set(rows.model))} models in {len(set(rows.lineage))} lineages; "
        f"SHA-256 of the file {digest}."
    )
    if told.write:
        write(rows, digest)
        law.fitted.cache_clear()
    off = product(rows, law.fitted())
    text.append(f"\nThe product says the same of each row and state, to {off:.0e}.")
    print("\n".join(text))
    if off > 1e-5:  # constants are written with six digits
        raise SystemExit("what ships is not what is judged: run with --write")
    if told.write:
        (HERE.parent / "VALIDATION.md").write_text(NOTE + "\n".join(text) + "\n", encoding="utf-8")


def product(rows: Rows, fit: law.Fit) -> float:
    """Largest difference, in logs, between what the product says of the rows and what is judged here."""
    everything = np.ones(len(rows.joules), bool)
    errors = Errors(rows.joules, rows.seconds)
    errors.time_sd, errors.slope, errors.shift = fit.time_sd, fit.correlation, fit.model_shift
    judged = states(rows, fit.constants, everything, everything, errors, rows.seconds)
    worst = 0.0
    for at in range(len(rows.joules)):
        of = {name: float(column[at]) for name, column in rows.inputs.items()}
        network = generation.Network(
            **{n: of[n] for n in ("total_b", "active_b", "weight_bytes", "layers", "kv_bytes")}
        )
        sheet = GPUS[rows.gpu[at]]
        old = {"old_engine": bool(of["old_engine"])}
        full = old | {"gpu": law.Accelerator(*sheet[:3]), "gpu_name": rows.gpu[at], "gpus": of["gpus"]}
        latency = {"latency_s": float(np.exp(rows.seconds[at]))}
        batch = {"batch": float(rows.batch[at])}
        for state, known in {
            "serving": full | batch, "serving and latency": full | batch | latency, "latency": full | latency,
            "model": {},
        }.items():  # fmt: skip
            made = generation.estimate(network, generation.Setting(**known), rows.input[at], rows.output[at], fit=fit)
            assert made.known == state, (made.known, state)
            worst = max(worst, abs(np.log(made.joules.mid / rows.output[at]) - judged[state][at]))
    return worst


def write(rows: Rows, digest: str) -> None:
    """The constants that ship."""
    everything = np.ones(len(rows.joules), bool)
    fits = leave_out(rows, rows.lineage, everything, NAMES)
    constants = fit(rows, everything, NAMES)
    errors, inside = inner(rows, everything, fits, rows.seconds)
    logs = np.log([[getattr(c, n) for n in NAMES] for c in fits.values()])
    k = len(logs)
    spread = (logs - logs.mean(0)).T @ (logs - logs.mean(0)) * (k - 1) / k
    short = lambda x: float(f"{x:.6g}")  # noqa: E731
    made = {
        "constants": {n: short(getattr(constants, n)) for n in NAMES},
        "log_covariance": [[short(x) for x in line] for line in spread],
        "energy_sd": short(errors.energy_sd), "time_sd": short(errors.time_sd), "correlation": short(errors.slope),
        "batch_log_mean": short(np.log(rows.batch).mean()), "batch_log_sd": short(np.log(rows.batch).std()),
        "bands": {
            s: {"known lineage": short(np.exp(known)), "new lineage": short(np.exp(new))}
            for s in STATES if s != "latency, noisy"
            for known, new in [bands(inside[s], rows.lineage)]
        },
        "model_shift": short(errors.shift), "rows": len(rows.joules), "data_sha256": digest,
        "source": "ML.ENERGY benchmark v2 and v3 (Chung et al. 2025, arXiv 2505.06371), fitted by validation/energy.py",
    }  # fmt: skip
    out = HERE.parent / "src" / "jevons" / "footprint" / "fitted.json"
    out.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
