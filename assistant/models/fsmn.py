"""FunASR's FSMN as a stream: features and posteriors of sound that arrives piece by piece, in numpy.

FunASR's own classes give the same numbers (a test compares them) for 25 ms of work per second of sound instead of 10,
and for 60 where torch has two threads: its front end builds the mel filters anew at every call, and torch wakes its
thread pool for matrices of three rows.
"""

from collections.abc import Mapping

import kaldi_native_fbank
import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view
from torch import Tensor

from assistant.models.funasr_runtime import Frontend
from assistant.types import SAMPLE_RATE, Samples

Matrix = npt.NDArray[np.float32]
"""float32 [t, d]: one row per frame of 10 ms."""

_FULL_SCALE = 1 << 15


class Features:
    """Log-mel features, each frame stacked with its neighbours; the last neighbour delays it by (lfr_m - 1) / 2."""

    def __init__(self, frontend: Frontend, normalisation: Tensor) -> None:
        """Take the settings of FunASR's front end, and what it adds to features and multiplies them with [2, d]."""
        options = kaldi_native_fbank.FbankOptions()
        options.frame_opts.samp_freq = SAMPLE_RATE
        options.frame_opts.frame_length_ms = frontend.frame_length
        options.frame_opts.frame_shift_ms = frontend.frame_shift
        options.frame_opts.window_type = frontend.window
        options.frame_opts.dither = 0.0
        options.mel_opts.num_bins = frontend.n_mels
        options.energy_floor = 0.0
        self._options = options
        self._stack = frontend.lfr_m
        self._shift: Matrix = normalisation[0].numpy()
        self._scale: Matrix = normalisation[1].numpy()
        self._mel = kaldi_native_fbank.OnlineFbank(options)
        self._taken = 0
        self._waiting: list[Matrix] = []

    def accept(self, samples: Samples) -> Matrix:
        """Return the features [t, n_mels * lfr_m] that are complete with these samples, float32 [n]; t may be 0."""
        self._mel.accept_waveform(SAMPLE_RATE, samples * np.float32(_FULL_SCALE))
        ready = self._mel.num_frames_ready
        frames = [np.array(self._mel.get_frame(index)) for index in range(self._taken, ready)]
        self._mel.pop(len(frames))
        if self._taken == 0:
            frames[:0] = frames[:1] * ((self._stack - 1) // 2)
        self._taken = ready
        self._waiting += frames
        complete = len(self._waiting) - self._stack + 1
        if complete < 1:
            return np.zeros((0, len(self._shift)), np.float32)
        rows = [np.concatenate(self._waiting[at : at + self._stack]) for at in range(complete)]
        del self._waiting[:complete]
        return (np.stack(rows) + self._shift) * self._scale

    def reset(self) -> None:
        """Forget the sound so far."""
        self._mel = kaldi_native_fbank.OnlineFbank(self._options)
        self._taken = 0
        self._waiting = []


class Fsmn:
    """The network of `funasr.models.fsmn_vad_streaming.encoder.FSMN`, without look-ahead and with strides of 1.

    Each of its layers adds to a projected frame a weighted sum of the frames before it, channel by channel.
    """

    def __init__(self, weights: Mapping[str, npt.NDArray[np.float32]], layers: int) -> None:
        """Take the weights of so many layers, under the names they have in FunASR's class."""
        self._inputs = (_Affine(weights, "in_linear1"), _Affine(weights, "in_linear2"))
        self._outputs = (_Affine(weights, "out_linear1"), _Affine(weights, "out_linear2"))
        self._layers = [_Layer(weights, f"fsmn.{index}") for index in range(layers)]

    def posteriors(self, features: Matrix) -> Matrix:
        """Return the probability of every class [t, classes] in the next frames [t, d] of the stream, at least one."""
        narrow, wide = self._inputs
        hidden = np.maximum(wide(narrow(features)), 0)
        for layer in self._layers:
            hidden = layer(hidden)
        narrow, wide = self._outputs
        logits = wide(narrow(hidden))
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares: Matrix = odds / odds.sum(axis=1, keepdims=True)
        return shares

    def reset(self) -> None:
        """Forget the frames so far."""
        for layer in self._layers:
            layer.reset()


class _Affine:
    def __init__(self, weights: Mapping[str, npt.NDArray[np.float32]], name: str) -> None:
        # Laid out for x @ W: the weights are read from memory once per call, which is most of the work.
        self._weight = np.ascontiguousarray(weights[f"{name}.linear.weight"].T)
        self._bias = weights.get(f"{name}.linear.bias", np.float32(0))

    def __call__(self, x: Matrix) -> Matrix:
        return x @ self._weight + self._bias


class _Layer:
    def __init__(self, weights: Mapping[str, npt.NDArray[np.float32]], name: str) -> None:
        self._project = _Affine(weights, f"{name}.linear")
        self._expand = _Affine(weights, f"{name}.affine")
        taps = weights[f"{name}.fsmn_block.conv_left.weight"]
        self._taps = np.ascontiguousarray(taps[:, 0, :, 0].T)
        self._memory = np.zeros((len(self._taps) - 1, self._taps.shape[1]), np.float32)

    def __call__(self, x: Matrix) -> Matrix:
        order = len(self._taps)
        projected = self._project(x)
        seen = np.concatenate((self._memory, projected))
        self._memory = seen[len(x) :]
        windows = sliding_window_view(seen, order, axis=0).swapaxes(1, 2)
        return np.maximum(self._expand(projected + (windows * self._taps).sum(axis=1)), 0)

    def reset(self) -> None:
        self._memory = np.zeros_like(self._memory)
