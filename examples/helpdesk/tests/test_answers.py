"""A judge reads the answers: are they relevant to the question?

HELPDESK_JUDGE names a chat model that judges instead of the demo's own model.
"""

import os

import pytest
from openai import OpenAI

from helpdesk import HAND_OVER, Answer, HelpDesk
from judge import AnswerJudge, ChatJudge

QUESTIONS = (
    "How do I reset my password?",
    "How do I cancel my subscription?",
    "Where can I find the invoice for last month?",
    "I deleted a note by mistake, can I get it back?",
)


@pytest.fixture(scope="class")
def judge(client: OpenAI) -> AnswerJudge:
    model = os.environ.get("HELPDESK_JUDGE")
    return ChatJudge(model) if model else AnswerJudge(client)


@pytest.fixture(scope="class")
def answers(desk: HelpDesk) -> dict[str, Answer]:
    return {question: desk.ask(question) for question in QUESTIONS}


class TestAnswersJudged:
    @pytest.mark.parametrize("question", QUESTIONS)
    def test_relevant(self, judge: AnswerJudge, answers: dict[str, Answer], question: str) -> None:
        assert judge.accepts(question, answers[question].text)

    def test_the_right_answer_beats_all_others(self, judge: AnswerJudge, answers: dict[str, Answer]) -> None:
        question, *others = QUESTIONS
        best_other = max(judge.relevance(question, answers[other].text) for other in others)
        assert judge.relevance(question, answers[question].text) > best_other + 0.1

    def test_a_handed_over_question_is_not_an_answer(self, judge: AnswerJudge) -> None:
        assert not judge.accepts("How do I reset my password?", HAND_OVER)
