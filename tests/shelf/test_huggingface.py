"""Model cards of Hugging Face: every real spelling of co2_eq_emissions, and nothing lost on the way there and back."""

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from shelf.any_card import CARDS, VALUES

from jevons.shelf import huggingface
from jevons.shelf.card import Amount, Evaluation
from jevons.shelf.folder import seeds
from jevons.shelf.text import CardError


def card(metadata, body="", name="org/model"):
    text = f"---\n{metadata.strip()}\n---\n{body}"
    return huggingface.read(text, "README.md", name)[0]


def grams(metadata, body=""):
    (spent,) = card(metadata, body).training
    return spent.carbon.to("g").mid


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ("co2_eq_emissions: 133.0219882109991", 133.0219882109991),  # AutoNLP
        ("co2_eq_emissions:\n  emissions: 25.447577064303335", 25.447577064303335),  # AutoTrain
        ("co2_eq_emissions:\n  emissions: 24_700_000\n  source: a paper", 24_700_000),  # BLOOM
        ("co2_eq_emissions: 149200 g", 149_200),
        ("co2_eq_emissions:\n  emissions: 0.21 kg", 210),
        ("co2_eq_emissions:\n  emissions: '1,710 grams of CO2eq'", 1710),
        ("co2_eq_emissions:\n  emissions: 50.5 tCO2eq", 50_500_000),
        ("co2_eq_emissions:\n  emissions: 2 tons", 2_000_000),
        ("co2_eq_emissions:\n  emissions: 1e-3", 0.001),  # YAML 1.1 reads text
        ("co2_eq_emissions:\n  emissions: ~26 g CO2", 26),
        ("co2_eq_emissions:\n  Emissions: 7\n  Hardware Used: 8 v100", 7),
        ("co2_eq_emissions:\n- emissions: 7", 7),
        ("co2-eq-emissions: 7", 7),
        ("co2_emissions: 7", 7),
        ("CO2_eq_emissions (in grams): 7", 7),
        ("co2_eq_emissions:\n  value: 7", 7),
    ],
)
def test_spellings(metadata, expected):
    assert grams(metadata) == pytest.approx(expected, rel=1e-12)


def test_all_fields_of_the_documentation_and_of_sentence_transformers():
    (spent,) = card("""
co2_eq_emissions:
  emissions: 15.18
  energy_consumed: 0.039
  source: codecarbon
  training_type: fine-tuning
  on_cloud: false
  cpu_model: 13th Gen Intel(R) Core(TM) i7-13700K
  ram_total_size: 31.7
  hours_used: 0.13
  hardware_used: 2 x NVIDIA GeForce RTX 3090
  geographical_location: Paris, France
""").training
    assert spent.energy == Amount(0.039, "kWh")
    assert (spent.how, spent.activity, spent.place) == ("measured", "fine-tuning", "Paris, France")
    assert spent.machine_hours == pytest.approx(0.26)
    assert spent.hardware == "2 x NVIDIA GeForce RTX 3090"


def test_the_text_below_tells_where_the_metadata_does_not():
    assert grams("license: mit", "# Trained\n- CO2 Emissions (in grams): 25.4476\n") == 25.4476
    body = "- **Hardware Type:** A100\n- **Hours used:** 3\n- **Carbon Emitted:** 0.9 kg of CO2\n"
    (spent,) = card("license: mit", body).training
    assert (spent.carbon.to("g").mid, spent.machine_hours, spent.hardware) == (900, 3, "A100")


@pytest.mark.parametrize(
    ("metadata", "why"),
    [
        ("license: mit", "no co2_eq_emissions"),
        ("co2_eq_emissions:\n  emissions: N/A", "no figure"),
        ("co2_eq_emissions:\n  source: x", "no figure"),
        ("co2_eq_emissions: .inf", "no figure"),
        ("co2_eq_emissions:\n  emissions: More Information Needed", "no figure"),
    ],
)
def test_a_card_without_a_figure_says_why(metadata, why):
    made = card(metadata)
    assert not made.training
    assert why in huggingface.missing(made)


@pytest.mark.parametrize(
    ("metadata", "line"),
    [
        ("license: mit\nco2_eq_emissions:\n  source: x\n  emissions: -3", 5),
        ("license: mit\nco2_eq_emissions: 3 parsecs", 3),
        ("license: mit\nco2_eq_emissions:\n  emissions: [1]", 4),
        ("license: [mit\nco2: 3", 3),
    ],
)
def test_a_figure_that_cannot_be_has_its_line(metadata, line):
    with pytest.raises(CardError) as raised:
        card(metadata)
    assert raised.value.faults[0].line == line


def test_task_base_licence_and_results():
    made = card("""
license: apache-2.0
pipeline_tag: text-classification
base_model: [org/base, org/other]
base_model_relation: merge
released: 2024-05-06
model-index:
- name: x
  results:
  - task: {type: text-classification}
    dataset: {name: GLUE SST2, type: glue}
    metrics:
    - {type: accuracy, value: 0.91, verified: true}
    - {type: f1, value: .nan}
""")
    assert (made.task, made.base, made.relation) == ("text-classification", ("org/base", "org/other"), "merge")
    assert made.evals == (Evaluation(name="GLUE SST2", metric="accuracy", value=0.91, verified=True),)
    assert made.kept["huggingface"]["released"] == "2024-05-06"


def test_metadata_comes_back_as_it_was():
    metadata = {
        "language": ["en"], "tags": ["autotrain"], "widget": [{"text": "I love AutoTrain 🤗"}], "license": None,
        "co2_eq_emissions": {"emissions": 25.447577064303335, "source": "AutoTrain", "odd": None},
    }  # fmt: skip
    made = card(yaml.safe_dump(metadata, allow_unicode=True))
    written = huggingface.write(made)
    assert yaml.safe_load(written.strip().strip("-")) == metadata
    assert huggingface.read(written, "x", "org/model")[0] == made


@pytest.mark.parametrize("seed", seeds(), ids=lambda seed: seed.id)
def test_a_whole_card_survives_there_and_back(seed):
    made, _ = huggingface.read(huggingface.write(seed), "x")
    assert msgspec.structs.replace(made, kept={}) == seed


def test_what_people_change_in_the_metadata_wins():
    seed = next(one for one in seeds() if one.id == "llama-2-7b")
    text = huggingface.write(seed).replace("emissions: 31220000.0", "emissions: 40 kg", 1)
    text = text.replace("pipeline_tag: text-generation", "pipeline_tag: translation")
    made, _ = huggingface.read(text, "x")
    assert made.training[0].carbon == Amount(40, "kg")
    assert made.task == "translation"
    assert made.parameters_b == seed.parameters_b  # what was not touched is still there


@given(CARDS)
def test_any_card_survives_there_and_back(one):
    made, _ = huggingface.read(huggingface.write(one), "x", one.name)  # where a README lies says whose it is
    assert msgspec.structs.replace(made, kept={}) == one


@given(
    VALUES,
    st.sampled_from(
        ["co2_eq_emissions", "base_model", "license", "model-index", "pipeline_tag", "jevons", "model_name"]
    ),
)
def test_any_metadata_makes_a_card_or_an_error_with_a_line(value, field):
    text = f"---\n{yaml.safe_dump({'tags': ['a'], field: value}, allow_unicode=True)}---\n"
    faults = []
    try:
        made, _ = huggingface.read(text, "README.md", "org/model")
    except CardError as error:
        faults = error.faults
    else:
        assert huggingface.read(huggingface.write(made), "x", "org/model")[0] == made
    assert all(fault.line >= 1 for fault in faults)
