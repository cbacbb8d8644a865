"""Judges for the tests: how relevant is an answer to its question?"""

import re

import numpy as np
from openai import OpenAI

MODEL = "all-MiniLM-L6-v2"
GOOD_ENOUGH = 0.4
TASK = (
    "You judge the answers of a help desk. Say in one sentence how well the answer answers the question. "
    "On the last line give a grade from 0 (not at all) to 10 (fully): the number alone."
)


class AnswerJudge:
    """Calls the model itself; it does not trust the score of the help desk."""

    def __init__(self, client: OpenAI, model: str = MODEL) -> None:
        self.client = client
        self.model = model

    def relevance(self, question: str, answer: str) -> float:
        """1 for the same meaning, about 0 for nothing in common."""
        reply = self.client.embeddings.create(model=self.model, input=[question, answer])
        asked, answered = (np.array(item.embedding) for item in reply.data)
        return float(asked @ answered)

    def accepts(self, question: str, answer: str) -> bool:
        return self.relevance(question, answer) >= GOOD_ENOUGH


class ChatJudge(AnswerJudge):
    """Asks a chat model for a grade, with the SDK of OpenAI or, for Claude, of Anthropic.

    Keys and addresses are those that the SDKs look for: OPENAI_API_KEY, OPENAI_BASE_URL, ANTHROPIC_API_KEY ...
    """

    def __init__(self, model: str) -> None:
        self.model = model
        if model.startswith("claude"):
            from anthropic import Anthropic

            self.client = Anthropic()
            self.reply = self._claude
        else:
            self.client = OpenAI()
            self.reply = self._gpt

    def relevance(self, question: str, answer: str) -> float:
        """The grade over 10."""
        said = self.reply(f"Question: {question}\nAnswer: {answer}").strip()
        grade = re.search(r"\d+", said.splitlines()[-1])
        if grade is None:
            raise ValueError(f"the judge gave no grade: {said!r}")
        return int(grade[0]) / 10

    def _gpt(self, text: str) -> str:
        messages = [{"role": "system", "content": TASK}, {"role": "user", "content": text}]
        return self.client.chat.completions.create(model=self.model, messages=messages).choices[0].message.content

    def _claude(self, text: str) -> str:
        messages = [{"role": "user", "content": text}]
        said = self.client.messages.create(model=self.model, max_tokens=200, system=TASK, messages=messages)
        return said.content[0].text
