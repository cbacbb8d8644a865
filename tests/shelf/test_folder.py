"""Where cards lie: a folder or what fsspec reaches; all or nothing."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from shelf.any_card import CARDS

from jevons.shelf.card import Amount, Card, Spent, encode, identity
from jevons.shelf.folder import SEEDS, Shelf, pick, read, seeds
from jevons.shelf.lineage import Family
from jevons.shelf.text import LARGEST, CardError


def card(name, **more):
    return Card(schema="jevons.card/1", id=identity(name), name=name, **more)


@pytest.fixture(params=["folder", "memory"])
def shelf(request, tmp_path):
    if request.param == "folder":
        return Shelf(tmp_path / "not" / "yet")
    pytest.importorskip("fsspec", reason="fsspec is not installed")
    return Shelf(f"memory://{tmp_path.name}")


def test_what_is_put_is_there(shelf):
    assert shelf.cards() == []
    (file,) = shelf.put([card("org/judge", training=(Spent(carbon=Amount(3, "kg")),))])
    assert file.endswith("org--judge.json")
    assert [one.name for one in shelf.cards()] == ["org/judge"]


def test_what_is_there_stays_unless_asked(shelf):
    shelf.put([card("a", task="one")])
    with pytest.raises(CardError, match="is there already"):
        shelf.put([card("b"), card("a", task="two")])
    assert [(one.id, one.task) for one in shelf.cards()] == [("a", "one")]  # b was not written either
    shelf.put([card("a", task="two")], replace=True)
    assert shelf.cards()[0].task == "two"


def test_circles_are_refused_before_anything_is_written(shelf):
    shelf.put([card("a", base=("b",))])  # b may come later
    with pytest.raises(CardError, match="circle: b < a < b"):
        shelf.put([card("c"), card("b", base=("a",))])
    with pytest.raises(CardError, match="circle"):
        shelf.put([card("self", base=("self",))])
    assert [one.id for one in shelf.cards()] == ["a"]


def test_too_large_a_card_is_refused(shelf):
    with pytest.raises(CardError, match="2 MB at most"):
        shelf.put([card("a", kept={"x": "y" * LARGEST})])
    assert shelf.cards() == []


def test_one_of_two_at_once_wins(tmp_path):
    shelf = Shelf(tmp_path)

    def put(number):
        try:
            return bool(shelf.put([card("a", task=str(number))]))
        except CardError:
            return False

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(put, range(8)))
    assert won.count(True) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="no such rights there")
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises((CardError, PermissionError)):
        Shelf(tmp_path / "x").put([card("a")])


def test_bad_cards_are_all_named(tmp_path):
    (tmp_path / "a.json").write_text('{"schema": "jevons.card/1"}', encoding="utf-8")
    (tmp_path / "b.json").write_bytes(encode(card("other")))
    with pytest.raises(CardError) as raised:
        Shelf(tmp_path).cards()
    assert {fault.file for fault in raised.value.faults} == {str(tmp_path / "a.json"), str(tmp_path / "b.json")}


def test_a_url_without_fsspec_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(ValueError, match=r"jevons\[shelf\]"):
        Shelf("s3://team/shelf")


@given(CARDS)
def test_a_card_is_the_same_after_its_file(one):
    assert read(encode(one), "a.json", "a") == one
    assert encode(read(encode(one), "a.json")) == encode(one)


def test_every_figure_that_ships_has_source_licence_and_address():
    for one in seeds():
        for part in (*one.training, *one.use, *one.evals):
            assert part.source
            assert part.licence
            assert part.url.startswith("https://")
        assert (SEEDS / f"{one.id}.json").read_bytes() == encode(one)  # as jevons writes them


def test_names_that_people_use():
    cards = seeds()
    for asked, meant in (
        ("bloom", "bloom"), ("bigscience/bloom", "bloom"), ("LLAMA_3.1_8B", "llama-3.1-8b"),
        ("meta-llama/llama-3.1-8b", "llama-3.1-8b"), ("gpt-3", "gpt-3"),
    ):  # fmt: skip
        assert pick(cards, asked).id == meant
    with pytest.raises(LookupError, match="may be"):
        pick(cards, "llama")
    with pytest.raises(LookupError, match="shelf list"):
        pick(cards, "nothing of the kind")
    with pytest.raises(LookupError):
        pick(cards, "")


def test_bases_are_found_by_any_spelling_that_one_card_has():
    family = Family(seeds())
    assert family.find("meta-llama/Llama-3.1-8B").id == "llama-3.1-8b"
    assert family.find("llama-3.1-8b").id == "llama-3.1-8b"
    assert family.find("nobody/nothing") is None
    assert [one.id for one in family.ancestors(family.cards["llama-3.2-1b"])] == ["llama-3.1-8b", "llama-3.1-70b"]


@pytest.mark.parametrize("name", ["///", "", "   ", "…"])
def test_a_name_that_makes_no_id(name):
    with pytest.raises(ValueError, match="no id"):
        identity(name)
