"""Adapters of hardware and SCI."""

from __future__ import annotations

from adapter import PendingError, Results, adapter
from case_names import Given, per, read_name

from jevons.footprint import act, embodied, ratios, sci
from jevons.footprint.units import convert

# -- 5 hardware and SCI -----------------------------------------------------------------------------------------


@adapter(5, needs="carbon, years, use, hours, gpus_per_server")
def hardware_of_training(given: Given) -> Results:
    life, use, hours = given.get("years"), given.raw["use"], given.get("hours")
    server, gpu = given.get("carbon", "server"), given.get("carbon", "gpu")
    made = embodied.of_training(hours, gpu, server, given.raw["gpus_per_server"], life, use)
    return {
        ("carbon per h", "server"): embodied.per_hour(server, life, use),
        ("carbon per h", "gpu"): embodied.per_hour(gpu, life, use),
        ("carbon", "servers"): made.servers,
        ("carbon", "gpus"): made.machines,
        ("carbon", ""): made.total,
    }


@adapter(5, needs="carbon, gpus, years, hours", may="water per gpu, use")
def node_of_training(given: Given) -> Results:
    life, use, hours = given.get("years"), given.raw.get("use", 1.0), given.get("hours")
    gpu = embodied.per_machine(given.get("carbon", None), given.raw["gpus"])
    amounts = {"carbon": gpu}
    if "water per gpu" in given.kinds:
        amounts["water"] = given.get("water per gpu")
    results: Results = {("carbon per gpu", ""): gpu}
    for kind, made in amounts.items():
        results[f"{kind} per gpu_h", ""] = embodied.per_hour(made, life, use)
        results[kind, ""] = embodied.of_training(hours, made, 0.0, 1.0, life, use).total
    return results


@adapter(5, needs="carbon, years, hours", may="rr, tor")
def time_share(given: Given) -> Results:
    grams = sci.embodied_g(
        given.get("carbon", "te"), given.get("hours"), convert(given.get("years"), "year", "h"),
        given.raw.get("rr", 1.0), given.raw.get("tor", 1.0),
    )  # fmt: skip
    return {("carbon", ""): convert(grams, "g", "kg"), ("carbon", "m"): convert(grams, "g", "kg")}


@adapter(5, needs="util, cores, tdp, coef, hours, intensity, carbon, rr, tor", may="app")
def server_score(given: Given) -> Results:
    raw, hours = given.raw, given.get("hours")
    kwh = sci.processor_kwh(raw["tdp"], raw["coef"], hours, processors=raw["cores"], utilisation=raw["util"])
    made_g = sci.embodied_g(given.get("carbon", "te"), hours, given.get("hours", "el"), raw["rr"], raw["tor"])
    score = sci.score([kwh], given.get("intensity"), made_g)
    results: Results = {
        ("energy", ""): score.energy_kwh, "sci": score.per_unit_g,
        ("carbon", "m"): convert(score.embodied_g, "g", "kg"),
    }  # fmt: skip
    if "app" in raw:
        results["total"] = sci.of_components([score.per_unit_g, raw["app"]])
    return results


@adapter(5, needs="energy, intensity, carbon per h, scale")
def shared_score(given: Given) -> Results:
    made_g = convert(given.get("carbon per h", None), "kg", "g")
    score = sci.score([given.get("energy")], given.get("intensity"), made_g, given.raw["scale"])
    return {"sci": score.per_unit_g}


@adapter(5, needs="energy, intensity, carbon", may="scale")
def plain_score(given: Given) -> Results:
    made_g = convert(given.get("carbon", None), "kg", "g")
    score = sci.score([given.get("energy", None)], given.get("intensity"), made_g, given.raw.get("scale", 1.0))
    return {"sci": score.per_unit_g, ("carbon", "operational"): convert(score.operational_g, "g", "kg")}


@adapter(5, needs="cpu_factor, power, hours, vcpu_ratio, energy, intensity, carbon")
def pipeline_score(given: Given) -> Results:
    share = ratios.per_unit(1.0, given.raw["vcpu_ratio"])
    cpu = sci.processor_kwh(given.get("power"), given.raw["cpu_factor"], given.get("hours"), share=share)
    made_g = convert(given.get("carbon", "embodied"), "kg", "g")
    score = sci.score([cpu, given.get("energy", "network")], given.get("intensity"), made_g)
    return {
        "cpu_energy": cpu, "energy": score.energy_kwh, "sci": score.per_unit_g,
        ("carbon", "operational"): convert(score.operational_g, "g", "kg"),
    }  # fmt: skip


COUNTS = {"tokens", "flops", "inferences", "requests", "queries", "params", "params_bn", "params_b", "images"}


@adapter(5, needs="carbon", may=", ".join(sorted(COUNTS)))
def per_count(given: Given) -> Results:
    """Amounts per unit. Operational and embodied add; who shares a word with the result, or else who has none, pays."""
    results: Results = {}
    for name, value in given.expected.items():
        wanted = read_name(name, value)
        many, noun = per(wanted.kind)
        counted = _count(given, noun)
        labels = _payers(given.labels("carbon"), wanted.label, counted[0], list(given.raw))
        operational, *made = (convert(given.get("carbon", label), "kg", "g") for label in labels)
        grams = sci.rate(operational, made[0] if made else 0.0, counted[1], many)
        results[wanted.kind, wanted.label] = convert(grams, "g", "kg")
    return results


def _count(given: Given, noun: str) -> tuple[str, float]:
    stem = noun.rstrip("s")
    for name, value in given.raw.items():
        if name.startswith(stem):
            unit = {"bn": "billion", "b": "billion", "million": "million"}.get(name.rpartition("_")[2], "")
            return name, convert(value, unit, "")
    raise KeyError(f"no count of {noun} among {', '.join(given.raw)}")


def _payers(labels: list[str], wanted: str, count: str, names: list[str]) -> list[str]:
    if {"op", "emb"} <= set(labels) and not wanted:
        return ["op", "emb"]
    alike = [label for label in labels if wanted and label and wanted.startswith(label)]
    if alike:
        return alike
    # The amount that stands before its count.
    before = [read_name(name).label for name in names[: names.index(count)] if read_name(name).kind == "carbon"]
    return before[-1:]


@adapter(5, needs="area_cm2, ci_fab, epa, gpa, mpa, yield")
def die(given: Given) -> Results:
    numbers = (given.raw[name] for name in ("area_cm2", "ci_fab", "epa", "gpa", "mpa", "yield"))
    grams = act.soc_g(*numbers)
    return {("carbon", ""): convert(grams, "g", "kg"), ("carbon", "soc"): convert(grams, "g", "kg")}


@adapter(5, needs="cps, gb", may="yield, packages")
def memory(given: Given) -> Results:
    grams = act.memory_g(given.raw["cps"], given.raw["gb"], given.raw.get("yield", 1.0))
    whole = act.device_g(grams, packages=given.raw.get("packages", 0.0))
    return {("carbon", ""): convert(whole, "g", "kg"), ("carbon", "memory"): convert(grams, "g", "kg")}


@adapter(5, needs="cpu, ram, disk, gpu, psu")
def components(given: Given) -> Results:
    raise PendingError(f"needs BoaviztAPI's own factors for {', '.join(given.raw)}, which are not ours to ship")
