"""The same question in other words gets the same article."""

import pytest

from helpdesk import HelpDesk


@pytest.mark.parametrize(
    ("question", "in_other_words"),
    [
        ("How do I reset my password?", "I cannot remember my password and am locked out"),
        ("How do I reset my password?", "HOW DO I RESET MY PASSWORD"),
        ("How do I cancel my subscription?", "I want to stop paying every month"),
        ("I deleted a note by mistake, can I get it back?", "I threw a note away and need it again"),
        ("Is there a discount for students?", "Is it cheaper for people at university?"),
        ("How do I share a note with a colleague?", "Let my friend edit my note with me"),
    ],
)
def test_same_article_in_other_words(desk: HelpDesk, question: str, in_other_words: str) -> None:
    article = desk.ask(question).article
    assert article is not None
    assert desk.ask(in_other_words).article == article


def test_one_word_can_change_the_answer(desk: HelpDesk) -> None:
    articles = [desk.ask(f"How do I {verb} all my notes?").article for verb in ("import", "export")]
    assert [article and article.key for article in articles] == ["import", "export"]
