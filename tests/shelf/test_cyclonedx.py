"""CycloneDX 1.6 and 1.7: read and written back equal, valid under the strict schema, nothing lost."""

import copy
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shelf.any_card import CARDS, VALUES

from jevons.shelf import cyclonedx, huggingface
from jevons.shelf.card import Amount, Card, Spent
from jevons.shelf.folder import seeds
from jevons.shelf.text import CardError


def bom(*components, version="1.7", **more):
    return {"bomFormat": "CycloneDX", "specVersion": version, "version": 1, "components": list(components), **more}


def model(name="judge", energy=2.5, carbon=None, **more):
    consumption = {
        "activity": "training",
        "energyProviders": [{
            "organization": {"name": "EDF", "address": {"country": "France"}}, "energySource": "nuclear",
            "energyProvided": {"value": energy, "unit": "kWh"},
        }],
        "activityEnergyCost": {"value": energy, "unit": "kWh"},
    }  # fmt: skip
    if carbon is not None:
        consumption["co2CostEquivalent"] = {"value": carbon, "unit": "tCO2eq"}
    card = {"considerations": {"environmentalConsiderations": {"energyConsumptions": [consumption]}}}
    return {"type": "machine-learning-model", "name": name, "modelCard": card, **more}


def read(document):
    return cyclonedx.read(json.dumps(document, indent=1), "bom.json")[0]


@pytest.fixture
def strictly_valid():
    """The validator of cyclonedx-python-lib; where it is not installed, these tests are skipped."""
    validators = pytest.importorskip("cyclonedx.validation.json", reason="cyclonedx-python-lib is not installed")
    pytest.importorskip("jsonschema", reason="cyclonedx-python-lib[json-validation] is not installed")
    from cyclonedx.schema import SchemaVersion

    def valid(document):
        version = SchemaVersion.from_version(document["specVersion"])
        return validators.JsonStrictValidator(version).validate_str(json.dumps(document)) is None

    return valid


@pytest.mark.parametrize("version", ["1.6", "1.7"])
def test_the_samples_are_read_and_written_back_equal(version, shared_data):
    file = shared_data / "formats" / "cyclonedx" / f"valid-machine-learning-considerations-env-{version}.json"
    text = file.read_text(encoding="utf-8")
    (card,), _ = cyclonedx.read(text, str(file))
    assert card.name == "meta-llama/Llama-2-7b"
    (spent,) = card.training
    assert (spent.energy, spent.carbon) == (Amount(0.4, "kWh"), Amount(31.22, "t"))
    assert "United States" in spent.place
    assert cyclonedx.write(card) == json.loads(text)


@pytest.mark.parametrize("version", ["1.6", "1.7"])
@pytest.mark.parametrize("seed", seeds(), ids=lambda seed: seed.id)
def test_a_whole_card_survives_there_and_back(seed, version):
    document = cyclonedx.write(seed, version)
    (made,) = read(document)
    assert msgspec.structs.replace(made, kept={}) == seed
    assert cyclonedx.write(made) == document


@pytest.mark.parametrize("version", ["1.6", "1.7"])
def test_what_is_written_is_valid_under_the_strict_schema(version, strictly_valid, shared_data):
    file = shared_data / "formats" / "cyclonedx" / f"valid-machine-learning-considerations-env-{version}.json"
    (card,), _ = cyclonedx.read(file.read_text(encoding="utf-8"), str(file))
    for one in (card, *seeds()):
        assert strictly_valid(cyclonedx.write(one, version)), one.id
    hashed = msgspec.structs.replace(seeds()[0], hashes={"SHA-256": "ab" * 32, "MD5": "not hex", "odd": "1"})
    assert strictly_valid(cyclonedx.write(hashed, version))
    assert not strictly_valid(cyclonedx.write(card) | {"colour": "red"})


@given(CARDS)
def test_any_card_survives_there_and_back(one):
    (made,) = read(cyclonedx.write(one))
    assert msgspec.structs.replace(made, kept={}) == one


def test_models_among_other_components_each_make_a_card():
    document = bom(
        {"type": "library", "name": "torch", "version": "2"}, model("a", 1.0),
        model("b", 2.0, components=[model("c", 3.0)]),
        metadata={"component": {"type": "application", "name": "app"}}, vulnerabilities=[{"id": "x"}],
    )  # fmt: skip
    cards = read(document)
    assert [(card.name, card.training[0].energy.value) for card in cards] == [("a", 1.0), ("b", 2.0), ("c", 3.0)]
    assert all(cyclonedx.write(card) == document for card in cards)


def test_only_what_changed_is_written():
    document = bom(model("a", 1.0, 0.5), model("b", 2.0))
    document["components"][0]["modelCard"]["considerations"]["environmentalConsiderations"][
        "energyConsumptions"
    ].append({"activity": "inference", "energyProviders": [], "activityEnergyCost": {"value": 9, "unit": "kWh"}})
    first = read(document)[0]
    assert len(first.training) == 1  # inference is no training
    changed = msgspec.structs.replace(
        first, training=(msgspec.structs.replace(first.training[0], energy=Amount(7, "kWh")),)
    )
    expected = copy.deepcopy(document)
    of = expected["components"][0]["modelCard"]["considerations"]["environmentalConsiderations"]["energyConsumptions"]
    of[0]["activityEnergyCost"]["value"] = 7
    made = cyclonedx.write(changed, plain=True)
    assert made == expected


def test_what_people_change_in_the_document_wins():
    seed = next(one for one in seeds() if one.id == "bloom")
    document = cyclonedx.write(seed)
    document["components"][0]["publisher"] = "somebody else"
    (made,) = read(document)
    assert made.maker == "somebody else"
    assert made.use == seed.use


def test_offsets_are_kept_and_never_subtracted():
    document = bom(model("a", 1000.0, 0.5))
    of = document["components"][0]["modelCard"]["considerations"]["environmentalConsiderations"]["energyConsumptions"][
        0
    ]
    of["co2CostOffset"] = {"value": 0.5, "unit": "tCO2eq"}
    (card,) = read(document)
    assert card.training[0].carbon == Amount(0.5, "t")
    assert cyclonedx.write(card) == document


@pytest.mark.parametrize(
    ("change", "says", "line"),
    [
        (lambda one: one["activityEnergyCost"].update(value=-1), "0 at least", '"value": -1,'),
        (lambda one: one["activityEnergyCost"].update(unit="J"), "kWh", '"activityEnergyCost": {'),
        (lambda one: one.update(activityEnergyCost=None), "no activityEnergyCost", "{"),
    ],
)
def test_figures_that_cannot_be_have_their_line(change, says, line):
    document = bom(model())
    change(
        document["components"][0]["modelCard"]["considerations"]["environmentalConsiderations"]["energyConsumptions"][0]
    )
    text = json.dumps(document, indent=1).split("\n")
    with pytest.raises(CardError, match=says) as raised:
        read(document)
    assert text[raised.value.faults[0].line - 1].strip() == line


@pytest.mark.parametrize(
    "document", [{}, bom(), bom({"type": "library", "name": "x"}), bom(model(), version="1.4"), []]
)
def test_what_is_no_bill_of_a_model_says_so(document):
    with pytest.raises(CardError):
        read(document)


def test_a_card_of_hugging_face_goes_through_cyclonedx_and_back():
    text = "---\nlicense: mit\nco2_eq_emissions:\n  emissions: 12.5\n  source: AutoTrain\ntags: [a, b]\n---\n"
    card, _ = huggingface.read(text, "x", "org/m")
    (made,) = read(cyclonedx.write(card))
    assert huggingface.write(
        msgspec.structs.replace(made, kept={"huggingface": made.kept["huggingface"]})
    ) == huggingface.write(card)


def test_carbon_without_energy_is_not_made_up():
    card = Card(schema="jevons.card/1", id="a", name="a", training=(Spent(carbon=Amount(3, "kg")),))
    document = cyclonedx.write(card)
    assert "activityEnergyCost" not in json.dumps(document["components"][0].get("modelCard", {}))
    assert msgspec.structs.replace(read(document)[0], kept={}) == card


@given(
    VALUES,
    st.sampled_from(["modelCard", "components", "hashes", "licenses", "pedigree", "publisher", "group", "version"]),
)
def test_any_component_makes_cards_or_an_error_with_a_line(value, field):
    document = bom(model() | {field: value})
    faults = []
    try:
        cards = read(document)
    except CardError as error:
        faults = error.faults
    else:
        assert all(cyclonedx.write(card) == document for card in cards)
    assert all(fault.line >= 1 for fault in faults)


@given(
    VALUES, st.sampled_from(["activityEnergyCost", "co2CostEquivalent", "energyProviders", "activity", "properties"])
)
def test_any_consumption_makes_cards_or_an_error_with_a_line(value, field):
    document = bom(model())
    of = document["components"][0]["modelCard"]["considerations"]["environmentalConsiderations"]["energyConsumptions"]
    of[0][field] = value
    faults = []
    try:
        cards = read(document)
    except CardError as error:
        faults = error.faults
    else:
        assert all(cyclonedx.write(card) == document for card in cards)
    assert all(fault.line >= 1 for fault in faults)
