"""The articles themselves: the first two tests need no AI."""

import random

import pytest
from openai import OpenAI

from articles import ARTICLES
from helpdesk import HelpDesk
from minilm import MAX_TOKENS, WordPiece, model_folder


def test_no_key_or_title_is_used_twice() -> None:
    assert len({article.key for article in ARTICLES}) == len(ARTICLES)
    assert len({article.title for article in ARTICLES}) == len(ARTICLES)


def test_every_article_is_read_to_its_end() -> None:
    tokenizer = WordPiece(model_folder() / "vocab.txt")
    for article in ARTICLES:
        assert len(tokenizer.encode(f"{article.title}. {article.text}")) < MAX_TOKENS, article.key


@pytest.mark.slow
def test_the_order_of_the_articles_does_not_matter(client: OpenAI, desk: HelpDesk) -> None:
    questions = ("How do I reset my password?", "Can I get my money back?", "How do I group notes by topic?")
    expected = [desk.ask(question) for question in questions]
    for seed in range(4):
        shuffled = random.Random(seed).sample(ARTICLES, len(ARTICLES))
        other_desk = HelpDesk(client)
        other_desk.index(shuffled)
        for question, answer in zip(questions, expected, strict=True):
            other = other_desk.ask(question)
            assert other.article == answer.article
            assert other.score == pytest.approx(answer.score, abs=1e-4)
