"""FunASR's FSMN-VAD: a small feed-forward network with memory, over features of 10 ms."""

from pathlib import Path
from typing import Protocol, cast

import numpy as np
import torch
from torch import Tensor

from assistant.errors import ModelError
from assistant.models import funasr_runtime
from assistant.models.fsmn import Features, Fsmn
from assistant.models.funasr_runtime import Frontend
from assistant.types import SAMPLE_RATE, Samples

_FRAME = 3 * SAMPLE_RATE // 100
"""30 ms, as the other detectors: 8 ms of work per second of sound, where 10 ms would cost 12 and 60 ms 5."""

_STAGE = "vad"


class FsmnVad:
    """Implements `assistant.ports.Vad` with the network of the FSMN-VAD checkpoint in `folder`; on the CPU, one thread.

    FunASR's state machine around the network is left out, and its wait for the end of speech with it (2 s for a short
    sentence unless `max_end_silence_time` is set): here `segmenter.hangover_s` says how long, for every detector alike.

    The probability is that of `speech_probability` for the mean posterior of the 10 ms frames that a frame of 30 ms
    completes: 0.5 is where FunASR says speech. On average these lie 33 ms back, for the network sees two frames ahead.

    A frame whose RMS is below `energy_floor` is silence. Raises ModelError, ModelMissingError.
    """

    def __init__(self, folder: Path, energy_floor: float) -> None:
        checkpoint = funasr_runtime.load(_STAGE, folder, ("FsmnVADStreaming",), torch.device("cpu"))
        network = cast("_Network", checkpoint.network)
        frontend, normalisation = _streamable(network, checkpoint.frontend, folder / "config.yaml")
        self._floor = energy_floor
        self._silent = network.vad_opts.sil_pdf_ids
        self._margin = network.vad_opts.speech_noise_thres
        self._features = Features(frontend, normalisation)
        weights = {name: weight.numpy() for name, weight in network.encoder.state_dict().items()}
        self._network = Fsmn(weights, network.encoder_conf["fsmn_layers"])

    @property
    def frame_samples(self) -> int:
        """Return the length of a frame, in samples at 16 kHz."""
        return _FRAME

    def probability(self, frame: Samples) -> float:
        """Return the probability of speech in one frame, float32 [480]; 0 in the first, which completes no features."""
        features = self._features.accept(frame)
        if not len(features):
            return 0.0
        silence = float(self._network.posteriors(features)[:, self._silent].sum(axis=1).mean())
        loud = float(np.dot(frame, frame)) >= self._floor**2 * len(frame)
        return speech_probability(silence, self._margin) if loud else 0.0

    def reset(self) -> None:
        """Forget the stream heard so far."""
        self._features.reset()
        self._network.reset()


def speech_probability(silence: float, margin: float) -> float:
    """Return the probability of speech from that of silence, 0.5 where speech is as much more likely as `margin`.

    FunASR calls a frame speech where 1 - silence >= silence + margin, its `speech_noise_thres` (`GetFrameState` in
    funasr/models/fsmn_vad_streaming/model.py); 0.6 puts the bar at 1 - silence = 0.8. The odds of speech are divided by
    those of the bar.
    """
    odds_of_bar = (1 + margin) / (1 - margin)
    return (1 - silence) / (1 - silence + odds_of_bar * silence)


def _streamable(network: "_Network", frontend: Frontend | None, where: Path) -> tuple[Frontend, Tensor]:
    """Return the front end and its normalisation.

    Raises ModelError where a setting has a value that the stream here isn't made for.
    """
    if frontend is None or frontend.cmvn is None:
        raise ModelError(_STAGE, f"{where} names no frontend, or there is no am.mvn beside it")
    options, encoder = network.vad_opts, network.encoder_conf
    settings = {
        "fs": (frontend.fs, SAMPLE_RATE),
        "frame_shift": (frontend.frame_shift, 10),
        "lfr_n": (frontend.lfr_n, 1),
        "lstride": (encoder["lstride"], 1),
        "rorder": (encoder["rorder"], 0),
        "speech_2_noise_ratio": (options.speech_2_noise_ratio, 1),
    }
    for name, (found, needed) in settings.items():
        if found != needed:
            raise ModelError(_STAGE, f"{where} has {name} {found}; {needed} will do")
    if not -1 < options.speech_noise_thres < 1:
        raise ModelError(
            _STAGE, f"{where} has speech_noise_thres {options.speech_noise_thres}; between -1 and 1 will do"
        )
    return frontend, frontend.cmvn


class _Options(Protocol):
    sil_pdf_ids: list[int]
    speech_noise_thres: float
    speech_2_noise_ratio: float


class _Encoder(Protocol):
    def state_dict(self) -> dict[str, Tensor]:
        """Return the weights by name."""


class _Network(Protocol):
    """What is read of FunASR's FsmnVADStreaming."""

    vad_opts: _Options
    encoder: _Encoder
    encoder_conf: dict[str, int]
