"""A judge for the tests: how relevant is an answer to its question?"""

import numpy as np
from openai import OpenAI

MODEL = "all-MiniLM-L6-v2"
GOOD_ENOUGH = 0.4


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
