"""Emotion from the sound of a voice with Emotion2vec+: of an utterance, and as it goes."""

from itertools import pairwise
from pathlib import Path
from typing import Protocol, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from assistant.config.analysis import Frames
from assistant.errors import ModelError
from assistant.models import device as devices
from assistant.models import funasr_runtime
from assistant.models.guard import checked
from assistant.types import SAMPLE_RATE, Emotion, EmotionFrame, Samples, Stage, VoiceEmotion

Vectors = npt.NDArray[np.float64]
Span = tuple[int, int]
"""Frames from the first to just before the second."""


class Emotion2Vec:
    """An Emotion2vec+ checkpoint as `ports.EmotionModel`. Not reentrant: one thread at a time.

    The network turns sound into frame vectors, 50 per second; the scores are the softmax of an affine head on the mean
    of such vectors, over the utterance or over a window that slides through it. Hence the law: over any partition of
    the frames, the logits of the parts weighted by their frames average to the logits of the whole, and the weighted
    geometric mean of the parts' scores, scaled to sum 1, is the scores of the whole. Means and head are computed in
    double precision, so it holds to 1e-9.
    """

    def __init__(self, folder: Path, device: str, max_window_s: float, frames: Frames | None = None) -> None:
        """Load the checkpoint, check its labels and hear a moment of sound. Raises ModelError, ModelMissingError.

        max_window_s: the network hears at most this much at a time, because it needs memory by the square: 16 heads
        of t x t floats per layer. That bounds the position biases it keeps from call to call as well. frames: the
        sliding window; without it an utterance has no frames.
        """
        self._device = devices.resolve(device)
        checkpoint = funasr_runtime.load(Stage.EMOTION, folder, ("Emotion2vec",), self._device)
        self._labels = _labels(checkpoint.tokens, folder)
        self._network = cast("_Network", checkpoint.network)
        self._weights = sum(weights.numel() for weights in checkpoint.network.parameters())
        self._normalize = bool(self._network.cfg.get("normalize"))
        self._front = self._network.modality_encoders["AUDIO"]
        self._field, self._stride = _field_and_stride(self._front.feature_enc_layers)
        self._longest = self._count(int(max_window_s * SAMPLE_RATE))
        self._sliding = frames
        self._matrix, self._bias = _doubles(self._network.proj.weight).T, _doubles(self._network.proj.bias)
        self.listen(np.zeros(SAMPLE_RATE, np.float32))

    @property
    def about(self) -> str:
        """Say which of the sizes it is: layers of the context encoder and of the trunk, width, parameters."""
        layers = f"{len(self._front.context_encoder.blocks)} + {len(self._network.blocks)} layers"
        return f"Emotion2vec: {layers}, width {len(self._matrix)}, {self._weights / 1e6:.3g} M parameters"

    def listen(self, samples: Samples) -> VoiceEmotion:
        """Return the scores of the nine labels and the mean frame vector of one utterance, float32 [n] at 16 kHz.

        With a sliding window the same for each of its places, a hop apart; the last one ends with the utterance and may
        be shorter. Where one place is enough, its scores are those of the utterance. Raises ModelError.
        """
        sound = checked(samples, Stage.EMOTION)
        count = self._count(len(sound))
        places = _places(count, self._stride, self._sliding) if self._sliding else []
        spans = list(dict.fromkeys([(0, count), *places]))
        try:
            with torch.inference_mode():
                means = self._means(torch.from_numpy(sound), np.array(spans))
        except (RuntimeError, ValueError) as error:
            raise ModelError(
                Stage.EMOTION, f"Emotion2vec failed on {len(sound) / SAMPLE_RATE:.1f} s: {error}"
            ) from error
        scores = _softmax(means @ self._matrix + self._bias)
        if not np.isfinite(scores).all():
            raise ModelError(Stage.EMOTION, "Emotion2vec's scores aren't finite")
        heard = {
            span: (dict(zip(self._labels, row.tolist(), strict=True)), tuple(mean.tolist()))
            for span, row, mean in zip(spans, scores, means, strict=True)
        }
        step_s, end_s = self._stride / SAMPLE_RATE, len(samples) / SAMPLE_RATE
        frames = [
            EmotionFrame(first * step_s, end_s if end == count else end * step_s, *heard[first, end])
            for first, end in places
        ]
        return VoiceEmotion(*heard[0, count], frames=tuple(frames) if self._sliding else None)

    def _means(self, sound: Tensor, spans: npt.NDArray[np.int64]) -> Vectors:
        """Return the mean frame vectors [k, d] of the spans [k, 2] of a sound [n].

        A long sound is heard in equal windows, cut where frames begin: as many frames as in one pass, at the same
        times. Running sums are kept at the ends of spans only, so memory doesn't grow with what lies between.
        """
        source = sound.to(self._device)
        if self._normalize:
            source = functional.layer_norm(source, source.shape)
        edges = np.unique(spans)
        count = int(edges[-1])
        cuts = np.linspace(0, count, -(-count // self._longest) + 1).astype(int).tolist()
        sums = np.zeros((len(edges), len(self._matrix)))
        total = sums[0]
        for first, end in pairwise(cuts):
            window = source[first * self._stride :]
            if end < count:
                window = window[: (end - first - 1) * self._stride + self._field]
            vectors = self._network.extract_features(window[None], padding_mask=None)["x"][0]
            running = total + np.cumsum(_doubles(vectors), axis=0)
            here = (edges > first) & (edges <= end)
            sums[here] = running[edges[here] - first - 1]
            total = running[-1]
        starts, ends = np.searchsorted(edges, spans.T)
        means: Vectors = (sums[ends] - sums[starts]) / np.diff(spans)
        return means

    def _count(self, samples: int) -> int:
        """Return the number of frames in so many samples."""
        return (samples - self._field) // self._stride + 1


def _places(count: int, stride: int, sliding: Frames) -> list[Span]:
    """Return where a window stands that slides over `count` frames, `stride` samples apart, until it reaches their end.

    Whole samples, rounded to frames at each place: a hop that is no multiple of a frame is kept on the average, and
    where the hop is the window, one place begins where the last one ends.
    """
    window, hop = round(sliding.window_s * SAMPLE_RATE), round(sliding.hop_s * SAMPLE_RATE)
    half = stride // 2
    last = max(0, -(-(count * stride - half - window) // hop))
    begins = [place * hop + half for place in range(last + 1)]
    return [(begin // stride, min((begin + window) // stride, count)) for begin in begins]


def _field_and_stride(layers: list[tuple[int, int, int]]) -> tuple[int, int]:
    """Return how many samples a frame sees, and how far apart frames are, from each layer's kernel and stride."""
    field, stride = 1, 1
    for _, kernel, step in layers:
        field += (kernel - 1) * stride
        stride *= step
    return field, stride


def _softmax(logits: Vectors) -> Vectors:
    masses = np.exp(logits - logits.max(axis=1, keepdims=True))
    scores: Vectors = masses / masses.sum(axis=1, keepdims=True)
    return scores


def _doubles(numbers: Tensor) -> Vectors:
    return numbers.cpu().double().numpy()


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


class _Layers(Protocol):
    blocks: nn.ModuleList


class _Front(Protocol):
    """What turns sound into frames: convolutions, each (channels, kernel, stride), then the context encoder."""

    feature_enc_layers: list[tuple[int, int, int]]
    context_encoder: _Layers


class _Network(Protocol):
    """What is used of FunASR's Emotion2vec."""

    cfg: _Config
    modality_encoders: dict[str, _Front]
    blocks: nn.ModuleList
    proj: nn.Linear

    def extract_features(self, source: Tensor, padding_mask: None) -> dict[str, Tensor]:
        """Return, as `x`, the frame vectors [1, t, d] of sound [1, n]."""
