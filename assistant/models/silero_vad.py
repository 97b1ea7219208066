"""Silero's voice activity detector: a small recurrent network, run by onnxruntime."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from assistant.errors import ModelError, ModelMissingError
from assistant.types import SAMPLE_RATE, Samples

_FRAME = 512
_CONTEXT = 64
"""Samples of the previous frame that the network wants in front of each frame (silero-vad 6, 16 kHz)."""

_STAGE = "vad"


class SileroVad:
    """Implements `assistant.ports.Vad` with the network in the ONNX file `model`.

    A frame whose RMS is below `energy_floor` is silence. Raises ModelMissingError when the file isn't there, ModelError
    when it or onnxruntime can't be used.
    """

    def __init__(self, model: Path, energy_floor: float) -> None:
        if not model.is_file():
            raise ModelMissingError(
                f"no Silero model at {model}; a bundled one comes with the program, kind webrtc needs none"
            )
        try:
            import onnxruntime
        except ImportError as exc:
            raise ModelError(
                _STAGE, "kind silero needs onnxruntime: pip install 'emotion-assistant[silero]', or choose kind webrtc"
            ) from exc
        options = onnxruntime.SessionOptions()
        # One frame is 66 us of work: more threads would only spin.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._network = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        except Exception as exc:  # onnxruntime's errors have no common root but this
            raise ModelError(_STAGE, f"{model} is no model that onnxruntime can load: {exc}") from exc
        inputs = {value.name for value in self._network.get_inputs()}
        if inputs != {"input", "state", "sr"}:
            raise ModelError(_STAGE, f"{model} takes {sorted(inputs)}; Silero's takes input, sr, state")
        self._floor = energy_floor
        self._context = np.zeros(_CONTEXT, np.float32)
        self._state = _silence()

    @property
    def frame_samples(self) -> int:
        """Return the length of a frame, in samples at 16 kHz."""
        return _FRAME

    def probability(self, frame: Samples) -> float:
        """Return the probability of speech in one frame, float32 [512]."""
        heard = np.concatenate((self._context, frame))
        feed = {"input": heard[np.newaxis], "state": self._state, "sr": np.array(SAMPLE_RATE, np.int64)}
        speech, self._state = self._network.run(None, feed)
        self._context = heard[-_CONTEXT:]
        loud = float(np.dot(frame, frame)) >= self._floor**2 * len(frame)
        return float(speech[0, 0]) if loud else 0.0

    def reset(self) -> None:
        """Forget the stream heard so far."""
        self._context = np.zeros(_CONTEXT, np.float32)
        self._state = _silence()


def _silence() -> npt.NDArray[np.float32]:
    return np.zeros((2, 1, 128), np.float32)
