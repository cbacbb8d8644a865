"""The model behind the help desk: its meaning of "near", its counts and its errors."""

import openai
import pytest
from openai import OpenAI

from minilm import WordPiece, model_folder

MODEL = "all-MiniLM-L6-v2"


def test_related_sentences_are_near_and_others_far(client: OpenAI) -> None:
    texts = [
        "How do I reset my password?",
        "I forgot my password, how can I change it?",
        "The cat sits outside.",
    ]
    question, related, other = (item.embedding for item in client.embeddings.create(model=MODEL, input=texts).data)
    assert len(question) == 384
    assert cosine(question, question) == pytest.approx(1, abs=1e-4)
    assert cosine(question, related) == pytest.approx(0.8939, abs=1e-3)  # as the original model says
    assert cosine(question, other) == pytest.approx(0.0404, abs=1e-3)


def test_tokens_are_counted(client: OpenAI) -> None:
    reply = client.embeddings.create(model=MODEL, input="How do I reset my password?")
    assert reply.usage.prompt_tokens == reply.usage.total_tokens == 9  # six words, a mark, a start and an end


def test_case_accents_and_control_characters_do_not_count() -> None:
    encode = WordPiece(model_folder() / "vocab.txt").encode
    assert encode("Café\x00\tNAÏVE!") == encode("cafe naive !") == [101, 7668, 15743, 999, 102]


def test_both_encodings_carry_the_same_numbers(client: OpenAI) -> None:
    as_base64 = client.embeddings.create(model=MODEL, input="How do I print a note?")  # what the SDK asks for
    as_floats = client.embeddings.create(model=MODEL, input="How do I print a note?", encoding_format="float")
    assert as_base64.data[0].embedding == pytest.approx(as_floats.data[0].embedding, abs=1e-6)


def test_the_server_lists_its_model(client: OpenAI) -> None:
    assert [model.id for model in client.models.list()] == [MODEL]


def test_an_unknown_model_is_refused(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="'gigantic' does not exist"):
        client.embeddings.create(model="gigantic", input="hello")


def test_token_arrays_are_refused(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="send input as text"):
        client.embeddings.create(model=MODEL, input=[101, 7592, 102])


def cosine(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))  # both have length one
