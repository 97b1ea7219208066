"""Words from sound with FunASR's Paraformer, with the confidence that its decoder computes and FunASR throws away."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

import numpy as np
import torch
from torch import Tensor

from assistant.errors import ModelError
from assistant.language import language_of
from assistant.models import device as devices
from assistant.models import funasr_runtime, words
from assistant.models.guard import checked
from assistant.models.quiet import undisturbed
from assistant.types import SAMPLE_RATE, Samples, Stage, Token, Transcript

_FIRED = 1 - 1e-4
_ONSET_FRAMES = 1.5
_LONGEST_FRAMES = 12


class Paraformer:
    """A Paraformer or BiCifParaformer checkpoint as `ports.Asr`. Not reentrant: one thread at a time."""

    def __init__(self, folder: Path, device: str) -> None:
        """Load the checkpoint and hear a moment of sound, so that what is broken breaks here.

        Raises ModelError, ModelMissingError.
        """
        self._device = devices.resolve(device)
        checkpoint = funasr_runtime.load(Stage.ASR, folder, ("Paraformer", "BiCifParaformer"), self._device)
        if checkpoint.frontend is None:
            raise ModelError(Stage.ASR, f"{folder / 'config.yaml'} names no frontend")
        self._frontend = checkpoint.frontend
        self._network = cast("_Network", checkpoint.network)
        self._bicif = checkpoint.architecture == "BiCifParaformer"
        self._weights = sum(weights.numel() for weights in checkpoint.network.parameters())
        self._tokens = checkpoint.tokens
        with undisturbed():
            self.transcribe(np.zeros(SAMPLE_RATE, np.float32))

    @property
    def about(self) -> str:
        """Say which it is: architecture, size of the vocabulary, parameters."""
        kind = "BiCifParaformer" if self._bicif else "Paraformer"
        return f"{kind}: {len(self._tokens)} tokens, {self._weights / 1e6:.3g} M parameters"

    def transcribe(self, samples: Samples) -> Transcript:
        """Return the words of one utterance, float32 [n] at 16 kHz, unpunctuated. Raises ModelError."""
        sound = checked(samples, Stage.ASR)
        try:
            with torch.inference_mode():
                pieces = self._recognise(torch.from_numpy(sound))
        except (ArithmeticError, IndexError, RuntimeError, ValueError) as error:
            raise ModelError(Stage.ASR, f"Paraformer failed on {len(sound) / SAMPLE_RATE:.1f} s: {error}") from error
        text, tokens = words.assemble(pieces)
        confidence = sum(token.confidence for token in tokens) / len(tokens) if tokens else 0.0
        return Transcript(text, text, language_of(text), confidence, tokens)

    def _recognise(self, sound: Tensor) -> list[Token]:
        """Return the tokens that stand for sound, with the probability the decoder gives each and its place."""
        features, lengths = self._frontend(sound[None], [len(sound)])
        encoded, lengths = self._network.encode(features.to(self._device), lengths.to(self._device))
        embeddings, count, alphas, *_ = self._network.calc_predictor(encoded, lengths)
        count = count.round().long()
        if int(count.max()) < 1:
            return []
        scores, _ = self._network.cal_decoder_with_predictor(encoded, lengths, embeddings, count)
        best, ids = scores[0, : int(count[0])].max(dim=-1)
        if not bool(torch.isfinite(best).all()):
            raise ArithmeticError("its scores aren't finite")
        heard = [
            (self._tokens[index], probability)
            for index, probability in zip(ids.tolist(), best.exp().tolist(), strict=True)
            if not words.is_special(self._tokens[index])
        ]
        spans = self._spans(encoded, lengths, alphas, count, len(heard))
        return [Token(text, p, start, end) for (text, p), (start, end) in zip(heard, spans, strict=True)]

    def _spans(
        self, encoded: Tensor, lengths: Tensor, alphas: Tensor, count: Tensor, tokens: int
    ) -> list[tuple[float, float]]:
        """Return start and end of each token in seconds: by the second predictor if there are two, as in BiCif."""
        frame_s = self._frontend.frame_shift * self._frontend.lfr_n / 1000
        if self._bicif:
            _, _, alphas, _ = self._network.calc_predictor_timestamp(encoded, lengths, count)
            frame_s *= encoded.shape[1] / alphas.shape[1]
        return spans(alphas[0].double().tolist(), tokens, frame_s)


def spans(weights: Sequence[float], tokens: int, frame_s: float) -> list[tuple[float, float]]:
    """Return start and end, in seconds, of each of `tokens` from the CIF weight of every frame.

    A token begins where the running sum of the weights, scaled to one more than there are tokens, passes the next whole
    number, and ends where the next begins, but after 12 frames at most; all is shifted by 1.5 frames. So does
    `ts_prediction_lfr6_standard` of funasr/utils/timestamp_tools.py, in a loop; it stretches the last token to the end.
    """
    if tokens == 0:
        return []
    reached = np.cumsum(weights, dtype=np.float64)
    if reached[-1] <= 0:
        raise ArithmeticError("its predictor fired for no frame")
    reached *= (tokens + 1) / reached[-1]
    fires = np.searchsorted(reached, np.arange(1, tokens + 2) * _FIRED) - _ONSET_FRAMES
    starts = np.maximum(fires[:-1], 0.0)
    ends = np.minimum(np.maximum(fires[1:], starts), starts + _LONGEST_FRAMES)
    return [
        (round(start, 3), round(end, 3))
        for start, end in zip((starts * frame_s).tolist(), (ends * frame_s).tolist(), strict=True)
    ]


class _Network(Protocol):
    """What is called of FunASR's Paraformer; b = 1, t frames, n tokens, d features, v entries of the vocabulary."""

    def encode(self, features: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return the encoding [b, t, d] and its lengths [b]."""

    def calc_predictor(self, encoded: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return acoustic embeddings [b, n, d], token counts [b], CIF weights [b, t + 1] and more."""

    def cal_decoder_with_predictor(
        self, encoded: Tensor, lengths: Tensor, embeddings: Tensor, count: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return log probabilities [b, n, v] and the token counts."""

    def calc_predictor_timestamp(
        self, encoded: Tensor, lengths: Tensor, count: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return, of a BiCifParaformer, the CIF weights of frames and their peaks, then those of thirds of frames."""
