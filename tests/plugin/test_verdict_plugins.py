"""Verdicts beside plugins that reorder, and with coroutines and fixtures of every scope."""

from __future__ import annotations

import pytest

import jevons

pytestmark = pytest.mark.slow
SHUFFLED = """
import random
import pytest
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items): random.Random(1).shuffle(items)  # as pytest-randomly and others do
@pytest.fixture(scope="module", params=["one", "two"])
def model(request): return request.param
@pytest.fixture(scope="class")
def once(): return []
"""
SUITE = """
import asyncio, pathlib, pytest
def note(request):
    with pathlib.Path("ran.txt").open("a") as file: file.write(request.node.nodeid + "\\n")
@pytest.mark.jevons_verdict(pass_rate=0.6)
@pytest.mark.asyncio
@pytest.mark.parametrize("at", range(50))
async def test_waits(at, request):
    note(request)
    await asyncio.sleep(0)
    assert at % 10 != 3
@pytest.mark.jevons_verdict(pass_rate=0.5)
class TestOfModels:
    @pytest.mark.parametrize("at", range(20))
    def test_it(self, at, model, once, request):
        note(request)
        pass
def test_between(): pass
"""


def test_the_drawn_order_holds_whoever_shuffles_and_whatever_is_set_up(suite) -> None:
    pytest.importorskip("pytest_asyncio")
    suite.pytester.makeconftest(SHUFFLED)
    done = suite.run(test_it=SUITE)
    assert done.ret == 0
    waits = jevons.verdict([f"test_it.py::test_waits[{at}]" for at in range(50)], pass_rate=0.6)
    for name in waits:
        waits.record(name, int(name[23:-1]) % 10 != 3)
    ids = [f"test_it.py::TestOfModels::test_it[{model}-{at}]" for model in ("one", "two") for at in range(20)]
    models = jevons.verdict(ids, pass_rate=0.5)
    for name in models:
        models.record(name, True)
    ran = (suite.path / "ran.txt").read_text().split()
    assert [name for name in ran if "waits" in name] == waits.sequence.entered
    assert [name for name in ran if "models" in name.lower()] == models.sequence.entered
    shown = " ".join(done.stdout.str().split())
    assert str(waits) in shown
    assert str(models) in shown
    assert done.parseoutcomes()["skipped"] == 90 - len(ran)


def test_pytest_randomly_does_not_undo_the_order(suite) -> None:
    pytest.importorskip("pytest_randomly", reason="pytest-randomly is not installed")
    suite.pytester.makeconftest("")
    for seed in ("1", "2"):
        suite.run(f"--randomly-seed={seed}", "-k", "OfModels", test_it=SUITE.replace("model, once, ", ""))
    ran = (suite.path / "ran.txt").read_text().split()
    assert ran[: len(ran) // 2] == ran[len(ran) // 2 :]
