"""Where no article fits, a person takes over."""

import pytest
from openai import OpenAI

from articles import ARTICLES
from helpdesk import HAND_OVER, HelpDesk


@pytest.fixture
def strict_desk(client: OpenAI) -> HelpDesk:
    desk = HelpDesk(client, threshold=0.75)
    desk.index(ARTICLES)
    return desk


@pytest.mark.parametrize(
    "question",
    [
        "What is the capital of Australia?",
        "Which mortgage has the lowest rate?",
        "asdf qwer zxcv",
        "It does not work",
    ],
)
def test_hands_over(desk: HelpDesk, question: str) -> None:
    answer = desk.ask(question)
    assert answer.article is None
    assert answer.text == HAND_OVER


def test_an_empty_question_is_handed_over(desk: HelpDesk) -> None:
    assert desk.ask("  ").text == HAND_OVER


def test_a_strict_desk_hands_over_what_is_only_likely(strict_desk: HelpDesk) -> None:
    assert strict_desk.ask("Can I get my money back?").article is None


def test_a_strict_desk_answers_what_is_clear(strict_desk: HelpDesk) -> None:
    answer = strict_desk.ask("Is there a discount for students?")
    assert answer.article is not None
    assert answer.article.key == "student"


def test_a_desk_without_articles_says_so(client: OpenAI) -> None:
    with pytest.raises(RuntimeError, match="no articles yet"):
        HelpDesk(client).ask("How do I reset my password?")
