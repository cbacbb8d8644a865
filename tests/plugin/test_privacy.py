"""Nothing that people or models said is kept."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from providers import Provider

PROMPT, SYSTEM, KEY, PARAMETER, WORD = (
    "Zanzibar-prompt", "Quetzal-system", "sk-Fake0Wombat0Key", "Why is the Xylophone blue", "Gnu1Secret",
)  # fmt: skip

SUITE = f"""
import os, openai, pytest
TEXTS = ["{PARAMETER}?", "{WORD}"]
@pytest.fixture
def secret_client():
    return openai.OpenAI(base_url=os.environ["PROVIDER"] + "/v1", api_key="{KEY}", organization="Org-Ibex")

def say(client, text, **more):
    return client.chat.completions.create(model="fake-1", user="Person-Yak", messages=[
        {{"role": "system", "content": "{SYSTEM}"}}, {{"role": "user", "content": "{PROMPT} " + text}}], **more)

@pytest.mark.parametrize("text", TEXTS)
def test_text(secret_client, text): say(secret_client, text)
@pytest.mark.parametrize("number", [1, 2.5, True, None])
def test_number(secret_client, number): say(secret_client, str(number))
@pytest.mark.parametrize("model", ["gpt-4o-mini", "claude haiku with words"])
def test_model(secret_client, model): say(secret_client, model)
@pytest.mark.parametrize(("text", "n"), [("{PARAMETER}", 1), ("{WORD}", 2)], ids=["short-id", "{PARAMETER}"])
def test_ids(secret_client, text, n): say(secret_client, text)
def test_stream(secret_client): list(say(secret_client, "s", stream=True))
def test_error(secret_client):
    with pytest.raises(openai.InternalServerError):
        secret_client.with_options(max_retries=0).chat.completions.create(
            model="fake-1+500", messages=[{{"role": "user", "content": "{PROMPT}"}}])
def test_fails(secret_client): assert say(secret_client, "x").choices[0].message.content == "nope"
def test_embeds(secret_client): secret_client.embeddings.create(model="fake-embed", input="{PROMPT}")
"""


def written(folder: Path) -> dict[str, str]:
    return {str(file): file.read_text("utf-8", "replace") for file in folder.rglob("*") if file.is_file()}


def test_a_search_of_everything_kept_finds_nothing(suite, server: Provider) -> None:
    reports = [f"--jevons-report={form}:out/report.{form}" for form in ("json", "markdown", "csv", "term", "html")]
    suite.run("--jevons", *reports, "--jevons-report=term", "--junitxml=out/jevons.xml", test_it=SUITE)
    calls = suite.reading.calls
    assert len(calls) == 14
    bodies = [one.answer.body for one in server.requests if one.answer.body]
    answers = {choice["message"]["content"] for body in bodies for choice in body.get("choices", [])}
    assert len(answers) > 1
    canaries = {PROMPT, SYSTEM, KEY, PARAMETER, WORD, "Xylophone", "Org-Ibex", "Person-Yak", "claude haiku"}
    canaries |= {sentence for answer in answers for sentence in answer.split(". ")}
    kept = written(suite.path / ".jevons") | written(suite.path / "out")
    kept = {name: text for name, text in kept.items() if not name.endswith("jevons.xml")}
    assert len(kept) >= 7
    for name, text in kept.items():
        for canary in canaries:
            assert canary not in text, f"{canary!r} in {name}"


@pytest.mark.slow
def test_the_junit_file_holds_no_more_of_it_with_jevons_than_without(suite) -> None:
    """pytest itself writes parameters and failed assertions there; what jevons adds are numbers."""
    suite.run("--junitxml=out/with.xml", "--jevons", test_it=SUITE)
    suite.run("--junitxml=out/without.xml")
    with_it, without = ((suite.path / "out" / name).read_text() for name in ("with.xml", "without.xml"))
    added = re.findall(r"<property name=\"(.*?)\" value=\"(.*?)\"", with_it)
    assert added
    assert all(name.startswith("jevons.") and re.fullmatch(r"[\d.e+-]+", value) for name, value in added)
    stripped = re.sub(r"<properties>.*?</properties>", "", with_it, flags=re.DOTALL)
    for canary in (PROMPT, SYSTEM, KEY, PARAMETER, WORD):
        assert stripped.count(canary) == without.count(canary)


def test_names_that_stay_readable_and_names_that_do_not(suite) -> None:
    suite.run("--jevons", test_it=SUITE)
    names = sorted({made.test.partition("::")[2] for made in suite.reading.tests})
    shape = [re.sub(r":[0-9a-f]{8}\]", ":HASH]", name) for name in names]
    assert sorted(shape) == sorted(
        [
            "test_text[#0:HASH]",
            "test_text[#1:HASH]",
            "test_number[1]",
            "test_number[2.5]",
            "test_number[True]",
            "test_number[None]",
            "test_model[gpt-4o-mini]",
            "test_model[#1:HASH]",
            "test_ids[short-id]",
            "test_ids[#1:HASH]",
            "test_stream",
            "test_error",
            "test_fails",
            "test_embeds",
        ]
    )


def test_full_ids_are_opted_into(suite) -> None:
    (suite.path / "pyproject.toml").write_text("[tool.jevons]\nids = 'full'\n")
    suite.run("--jevons", test_it=SUITE)
    assert any(f"test_text[{PARAMETER}?]" in made.test for made in suite.reading.tests)
    assert not any(PROMPT in text for text in written(suite.path / ".jevons").values())


@pytest.mark.slow
def test_a_masked_test_keeps_its_name_between_runs_and_changes_it_with_the_secret(suite) -> None:
    def names() -> set[str]:
        return {made.test for made in suite.reading.tests}

    suite.run("--jevons", test_it=SUITE)
    first = names()
    suite.run("--jevons", "-k", "test_text")
    assert names() == first
    for file in (suite.path / ".jevons").rglob("*"):
        if file.is_file():
            file.unlink()
    suite.run("--jevons")
    assert names().isdisjoint({name for name in first if "#" in name})
