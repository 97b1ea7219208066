"""Emotion from the sound of a voice with Emotion2vec+."""

import math
from pathlib import Path
from typing import Protocol, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from assistant.errors import ModelError
from assistant.models import device as devices
from assistant.models import funasr_runtime
from assistant.models.guard import checked
from assistant.types import SAMPLE_RATE, Emotion, Samples, Stage, VoiceEmotion

Vector = npt.NDArray[np.float64]


class Emotion2Vec:
    """An Emotion2vec+ checkpoint as `ports.EmotionModel`. Not reentrant: one thread at a time."""

    def __init__(self, folder: Path, device: str, max_window_s: float) -> None:
        """Load the checkpoint, check its labels and hear a moment of sound. Raises ModelError, ModelMissingError.

        max_window_s: longer utterances are heard in equal windows of at most this length, because the network needs
        memory by its square: 16 heads of t x t floats per layer, 50 frames per second. That bounds the position biases
        it keeps from call to call as well.
        """
        self._device = devices.resolve(device)
        checkpoint = funasr_runtime.load(Stage.EMOTION, folder, ("Emotion2vec",), self._device)
        self._labels = _labels(checkpoint.tokens, folder)
        self._network = cast("_Network", checkpoint.network)
        self._normalize = bool(self._network.cfg.get("normalize"))
        self._window = int(max_window_s * SAMPLE_RATE)
        self.listen(np.zeros(SAMPLE_RATE, np.float32))

    def listen(self, samples: Samples) -> VoiceEmotion:
        """Return the scores of the nine labels and the mean frame vector of one utterance, float32 [n] at 16 kHz.

        Both are averaged over the windows of a long utterance by their length. Raises ModelError.
        """
        sound = checked(samples, Stage.EMOTION)
        windows = np.array_split(sound, math.ceil(len(sound) / self._window))
        shares = np.array([len(window) / len(sound) for window in windows])
        try:
            with torch.inference_mode():
                heard = [self._hear(torch.from_numpy(window)) for window in windows]
        except (RuntimeError, ValueError) as error:
            raise ModelError(
                Stage.EMOTION, f"Emotion2vec failed on {len(sound) / SAMPLE_RATE:.1f} s: {error}"
            ) from error
        scores = shares @ np.stack([scores for scores, _ in heard])
        embedding = shares @ np.stack([embedding for _, embedding in heard])
        if not (np.isfinite(scores).all() and np.isfinite(embedding).all()):
            raise ModelError(Stage.EMOTION, "Emotion2vec's scores aren't finite")
        return VoiceEmotion(dict(zip(self._labels, scores.tolist(), strict=True)), tuple(embedding.tolist()))

    def _hear(self, window: Tensor) -> tuple[Vector, Vector]:
        """Return scores [9] and embedding [d] of one window of sound [n]."""
        source = window.to(self._device)
        if self._normalize:
            source = functional.layer_norm(source, source.shape)
        vector = self._network.extract_features(source[None], padding_mask=None)["x"].mean(dim=1)
        scores = torch.softmax(self._network.proj(vector).double(), dim=-1)
        return scores[0].cpu().numpy(), vector[0].double().cpu().numpy()


def _labels(tokens: tuple[str, ...], folder: Path) -> tuple[Emotion, ...]:
    """Return the emotion each score belongs to, from entries such as `生气/angry` and `<unk>`.

    Raises ModelError if they aren't the nine: early revisions score five and call the others `unuse_0`, `unuse_1`...
    """
    names = ["unknown" if token == "<unk>" else token.split("/")[-1] for token in tokens]
    if sorted(names) != sorted(Emotion):
        raise ModelError(
            Stage.EMOTION,
            f"the model in {folder} has the labels {', '.join(names)}; needed, in any order: {', '.join(Emotion)}. "
            "Early revisions of Emotion2vec+ have five labels: fetch the current one",
        )
    return tuple(Emotion(name) for name in names)


class _Config(Protocol):
    def get(self, key: str) -> object:
        """Return a setting of the network, None if it isn't there."""


class _Network(Protocol):
    """What is called of FunASR's Emotion2vec."""

    cfg: _Config

    def extract_features(self, source: Tensor, padding_mask: None) -> dict[str, Tensor]:
        """Return, as `x`, the frame vectors [1, t, d] of sound [1, n]."""

    def proj(self, vector: Tensor) -> Tensor:
        """Return one logit per label [1, 9] of a vector [1, d]."""
