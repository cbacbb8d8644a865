"""400 questions for the help desk's search, made from its own articles: python questions.py prints them.

Each takes the title of an article or one of its sentences, loses words, gets a slip of the keyboard and a frame such as
people write. The seed is fixed, and only `random()` is drawn, whose numbers are the same in every version of Python.
"""

import random
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "helpdesk"))

from articles import ARTICLES, Article

COUNT, SEED = 400, 2026
KEPT, MISTYPED = 0.85, 0.05  # chance of a word to stay, and of one that stays to be mistyped
FRAMES = (
    "{}?",
    "hi, {}??",
    "question about {}",
    "I am looking for this: {}",
    "Where do I find {}, please?",
    "My colleague told me something like {}, how does it work?",
)


def questions() -> list[tuple[str, str]]:
    """(question, key of the article that answers it); about the same number for each article."""
    draw = random.Random(SEED)
    return [(_question(draw, article), article.key) for article in (ARTICLES * COUNT)[:COUNT]]


def _question(draw: random.Random, article: Article) -> str:
    sources = [article.title, *article.text.split(". ")]
    words = _one_of(draw, sources).lower().rstrip(".").split()
    kept = [word for word in words if draw.random() < KEPT]
    kept = kept if len(kept) > 1 else words
    return _one_of(draw, FRAMES).format(" ".join(_typed(draw, word) for word in kept))


def _typed(draw: random.Random, word: str) -> str:
    if len(word) < 4 or draw.random() > MISTYPED:
        return word
    at = 1 + int(draw.random() * (len(word) - 2))
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _one_of(draw: random.Random, things: Sequence[str]) -> str:
    return things[int(draw.random() * len(things))]


if __name__ == "__main__":
    for question, key in questions():
        print(f"{key}\t{question}")
