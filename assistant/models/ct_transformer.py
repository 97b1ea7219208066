"""Punctuation for recognised words with FunASR's CT-Transformer."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

import torch
from torch import Tensor

from assistant.errors import ModelError
from assistant.models import device as devices
from assistant.models import funasr_runtime
from assistant.models.quiet import undisturbed
from assistant.types import Stage

_TOKEN = re.compile(r"[^\s\u0080-\U0010ffff]+|\S")
"""A run of ASCII or one character of any other script, as `split_words` of funasr/models/ct_transformer/utils.py."""

_COMMA, _STOP, _QUESTION, _PAUSE = "，。？、"
_HALF_WIDTH = {_COMMA: ",", _STOP: ".", _QUESTION: "?"}
_PUNCTUATION = frozenset("，。？、！；：…—,.?!;:")

_WINDOW = 20
_TIRED = 200
"""FunASR's numbers: tokens read at a time, and carried over before a comma has to do as the end of a sentence."""

_LONGEST = 400
"""Carried over at most, even without a comma; FunASR carries on, and needs memory by the square."""


class CtTransformer:
    """A CT-Transformer checkpoint as `ports.Punctuator`. Not reentrant: one thread at a time.

    It sets ，。？、 where FunASR's own `inference` sets them and makes sure of a mark at the end, as that does; after a
    word in ASCII the first three are half-width, as there. The words stay as they are: nothing is capitalised, no space
    is added or lost, and where the text has punctuation already no mark is put beside it.
    """

    def __init__(self, folder: Path, device: str) -> None:
        """Load the checkpoint and read a few words, so that what is broken breaks here.

        Raises ModelError, ModelMissingError.
        """
        self._device = devices.resolve(device)
        checkpoint = funasr_runtime.load(Stage.PUNCTUATION, folder, ("CTTransformer",), self._device)
        self._network = cast("_Network", checkpoint.network)
        self._weights = sum(weights.numel() for weights in checkpoint.network.parameters())
        self._marks = _marks(self._network.punc_list, folder)
        self._ids = {token: index for index, token in enumerate(checkpoint.tokens)}
        if "<unk>" not in self._ids:
            raise ModelError(Stage.PUNCTUATION, f"the vocabulary in {folder} has no '<unk>' for the words it lacks")
        with undisturbed():
            self.punctuate("你好")

    @property
    def about(self) -> str:
        """Say which it is: architecture, size of the vocabulary, parameters."""
        return f"CT-Transformer: {len(self._ids)} tokens, {self._weights / 1e6:.3g} M parameters"

    def punctuate(self, text: str) -> str:
        """Return the text with punctuation, its words untouched; text without a word as it is. Raises ModelError."""
        words = list(_TOKEN.finditer(text))
        if not words:
            return text
        try:
            with torch.inference_mode():
                marks = self._read([word[0] for word in words])
        except (ArithmeticError, RuntimeError) as error:
            raise ModelError(Stage.PUNCTUATION, f"CT-Transformer failed on {len(words)} words: {error}") from error
        if marks[-1] not in (_STOP, _QUESTION):
            marks[-1] = _STOP
        pieces = []
        written = 0
        for word, mark, following in zip(words, marks, [*words[1:], None], strict=True):
            pieces.append(text[written : word.end()])
            written = word.end()
            beside = word[0][-1] + (following[0][0] if following else "")
            if _PUNCTUATION.isdisjoint(beside):
                pieces.append(_HALF_WIDTH.get(mark, mark) if word[0].isascii() else mark)
        return "".join(pieces) + text[written:]

    def _read(self, words: Sequence[str]) -> list[str]:
        """Return the mark after each word, empty for none.

        Words are read a window at a time, together with the sentence that the windows before left unfinished.
        """
        unknown = self._ids["<unk>"]
        ids = [self._ids.get(word, unknown) for word in words]
        marks: list[str] = []
        for end in range(_WINDOW, len(ids) + _WINDOW, _WINDOW):
            found = self._predict(ids[len(marks) : end])
            if end < len(ids):
                found = _settled(found)
            marks += found
        return marks

    def _predict(self, ids: list[int]) -> list[str]:
        """Return the likeliest mark after each of some words."""
        text = torch.tensor([ids], device=self._device)
        lengths = torch.tensor([len(ids)], dtype=torch.int32, device=self._device)
        scores, _ = self._network.punc_forward(text, lengths)
        if not bool(torch.isfinite(scores).all()):
            raise ArithmeticError("its scores aren't finite")
        return [self._marks[index] for index in scores[0].argmax(dim=-1).tolist()]


def _settled(marks: list[str]) -> list[str]:
    """Return the marks up to the last end of a sentence, without those of the sentence that is going on."""
    inner = range(len(marks) - 2, 1, -1)
    for index in inner:
        if marks[index] in (_STOP, _QUESTION):
            return marks[: index + 1]
    if len(marks) > _TIRED:
        for index in inner:
            if marks[index] == _COMMA:
                return [*marks[:index], _STOP]
    return marks if len(marks) >= _LONGEST else []


def _marks(entries: Sequence[str], folder: Path) -> tuple[str, ...]:
    """Return the mark that each output stands for, in full width, empty for none.

    FunASR's own template of a configuration has `,` and `?` for two of them. Raises ModelError if one is missing.
    """
    full_width = {half: full for full, half in _HALF_WIDTH.items()}
    marks = [full_width.get(entry, entry) for entry in entries]
    known = (_COMMA, _STOP, _QUESTION, _PAUSE)
    if missing := [mark for mark in known if mark not in marks]:
        raise ModelError(
            Stage.PUNCTUATION, f"the model in {folder} has the marks {' '.join(entries)}; lacking: {' '.join(missing)}"
        )
    return tuple(mark if mark in known else "" for mark in marks)


class _Network(Protocol):
    """What is called of FunASR's CTTransformer."""

    punc_list: list[str]

    def punc_forward(self, text: Tensor, text_lengths: Tensor) -> tuple[Tensor, None]:
        """Return one logit per mark [1, n, marks] after each of the words with the ids [1, n]."""
