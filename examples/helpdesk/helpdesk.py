"""The help desk of Quillbark Notes: a question in, the article that answers it out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from openai import OpenAI

from articles import Article

MODEL = "all-MiniLM-L6-v2"
THRESHOLD = 0.38  # below it no article is good enough and a person takes over
HAND_OVER = "I am not sure. I hand you over to a person of our team."


@dataclass(frozen=True)
class Answer:
    article: Article | None  # none: a person takes over
    score: float

    @property
    def text(self) -> str:
        return self.article.text if self.article else HAND_OVER


class HelpDesk:
    def __init__(self, client: OpenAI, model: str = MODEL, threshold: float = THRESHOLD) -> None:
        self.client = client
        self.model = model
        self.threshold = threshold
        self.articles: list[Article] = []
        self._rows = np.empty((0, 0))

    def index(self, articles: Sequence[Article]) -> None:
        """Reads all articles, in one request."""
        self._rows = self._embed([f"{article.title}. {article.text}" for article in articles])
        self.articles = list(articles)

    def ask(self, question: str) -> Answer:
        if not self.articles:
            raise RuntimeError("The help desk has no articles yet: call index() first.")
        if not question.strip():
            return Answer(None, 0.0)
        scores = self._rows @ self._embed([question.strip()])[0]
        best = int(scores.argmax())
        score = float(scores[best])
        return Answer(self.articles[best] if score >= self.threshold else None, score)

    def _embed(self, texts: list[str]) -> np.ndarray:
        reply = self.client.embeddings.create(model=self.model, input=texts)
        return np.array([item.embedding for item in reply.data])
