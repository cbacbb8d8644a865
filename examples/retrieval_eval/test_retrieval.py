"""Does the search find the right article for at least seven questions in ten?"""

import pytest

from helpdesk import HelpDesk
from questions import questions

QUESTIONS = questions()


@pytest.mark.jevons_verdict(pass_rate=0.7, confidence=0.95)
@pytest.mark.parametrize(("question", "key"), QUESTIONS, ids=[f"q{at}" for at in range(len(QUESTIONS))])
def test_finds_the_article(desk: HelpDesk, question: str, key: str) -> None:
    article = desk.ask(question).article
    assert article is not None, "handed over to a person"
    assert article.key == key
