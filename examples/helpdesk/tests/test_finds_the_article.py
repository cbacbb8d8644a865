"""The right help article comes back for a question."""

import pytest

from helpdesk import HelpDesk


@pytest.mark.parametrize(
    ("question", "key"),
    [
        ("How do I reset my password?", "reset-password"),
        ("How do I turn on two-factor authentication?", "two-step"),
        ("How can I delete my account for good?", "delete-account"),
        ("Where can I find the invoice for last month?", "invoice"),
        ("My credit card has expired, what now?", "payment-card"),
        ("How do I cancel my subscription?", "cancel-plan"),
        ("Can I get my money back?", "refund"),
        ("Is there a discount for students?", "student"),
        ("How do I share a note with a colleague?", "share-note"),
        ("Can I use the app on a plane without internet?", "offline"),
        ("My phone and my laptop show different notes", "sync-problem"),
        ("I deleted a note by mistake, can I get it back?", "restore-note"),
        ("How do I download all my notes at once?", "export"),
        ("Can I bring my notes over from another app?", "import"),
        ("Can your staff read my notes?", "encryption"),
    ],
)
def test_finds_the_article(desk: HelpDesk, question: str, key: str) -> None:
    answer = desk.ask(question)
    assert answer.article is not None, f"handed over at {answer.score:.2f}"
    assert answer.article.key == key


def test_a_clear_question_gets_a_clear_score(desk: HelpDesk) -> None:
    assert desk.ask("How do I cancel my subscription?").score > 0.7
