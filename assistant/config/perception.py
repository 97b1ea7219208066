"""Settings of hearing: VAD, segmenter, quality, model slots, engine. Comments: configs/default.yaml."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from assistant.config.base import Probability, Seconds, Section
from assistant.types import Polarity

Device = Annotated[str, Field(pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$")]


class WebRtcVad(Section):
    """The WebRTC detector: light, no model file."""

    kind: Literal["webrtc"]
    mode: Annotated[int, Field(ge=0, le=3)]
    frame_ms: Literal[10, 20, 30]
    highpass_hz: Annotated[float, Field(ge=0, le=1000)]
    energy_floor: Annotated[float, Field(ge=0, le=0.1)]


class SileroVad(Section):
    """Silero's network through onnxruntime: steadier in noise."""

    kind: Literal["silero"]
    model: str = "bundled:checkpoints/silero/silero_vad_16k_op15.onnx"
    energy_floor: Annotated[float, Field(ge=0, le=0.1)] = 0.001


class FsmnVad(Section):
    """FunASR's FSMN-VAD from a checkpoint folder: a network of 0.4 M parameters that reads 10 ms frames."""

    kind: Literal["fsmn"]
    model: str
    energy_floor: Annotated[float, Field(ge=0, le=0.1)] = 0.001


Vad = Annotated[WebRtcVad | SileroVad | FsmnVad, Field(discriminator="kind")]


class Segmenter(Section):
    """Where an utterance begins and ends."""

    threshold: Probability
    onset_s: Annotated[float, Field(gt=0, le=1)]
    pre_roll_s: Annotated[float, Field(ge=0, le=2)]
    tentative_s: Annotated[float, Field(gt=0, le=5)]
    hangover_s: Annotated[float, Field(gt=0, le=5)]
    tail_s: Annotated[float, Field(ge=0, le=1)]
    min_speech_s: Annotated[float, Field(ge=0, le=2)]
    max_utterance_s: Annotated[float, Field(ge=1, le=30)]

    @model_validator(mode="after")
    def _in_order(self) -> "Segmenter":
        if not self.tail_s <= self.tentative_s <= self.hangover_s:
            raise ValueError("tail_s <= tentative_s <= hangover_s must hold")
        return self


class Quality(Section):
    """From where on sound is unfit to be understood."""

    min_rms: Probability
    min_speech_s: Seconds
    min_snr_db: float
    max_clipped_ratio: Probability
    min_speech_ratio: Probability


class Paraformer(Section):
    """FunASR's Paraformer from a checkpoint folder."""

    kind: Literal["paraformer"]
    model: str
    device: Device
    familiar_from: Probability | None


class Emotion2Vec(Section):
    """Emotion2vec+ from a checkpoint folder."""

    kind: Literal["emotion2vec"]
    model: str
    device: Device
    max_window_s: Annotated[float, Field(ge=1, le=30)]


class Bert(Section):
    """Any sequence-classification model of transformers; `labels` spreads each of its labels over the polarities."""

    kind: Literal["bert"]
    model: str
    device: Device
    labels: dict[str, dict[Polarity, Probability]]


class CtTransformer(Section):
    """FunASR's CT-Transformer from a checkpoint folder: punctuation for recognised words."""

    kind: Literal["ct_transformer"]
    model: str
    device: Device


class Off(Section):
    """No model in this slot: fusion does without."""

    kind: Literal["none"]


Asr = Annotated[Paraformer | Off, Field(discriminator="kind")]
EmotionModel = Annotated[Emotion2Vec | Off, Field(discriminator="kind")]
SentimentModel = Annotated[Bert | Off, Field(discriminator="kind")]
Punctuator = Annotated[CtTransformer | Off, Field(discriminator="kind")]

Deadline = Annotated[float, Field(gt=0)] | None


class Deadlines(Section):
    """Seconds after the endpoint at which a stage counts as failed; null waits."""

    asr: Deadline
    emotion: Deadline
    sentiment: Deadline
    punctuation: Deadline


class Engine(Section):
    """How the models are run."""

    speculate: bool
    threads: Annotated[int, Field(ge=0, le=256)]
    deadline_s: Deadlines


class AudioFiles(Section):
    """What an audio file may be; enforced while decoding."""

    max_bytes: Annotated[int, Field(gt=0)]
    max_seconds: Annotated[float, Field(gt=0)]
    min_rate_hz: Annotated[int, Field(ge=1000)]
    max_rate_hz: Annotated[int, Field(le=768_000)]
    max_channels: Annotated[int, Field(ge=1, le=64)]
    channel: Annotated[int, Field(ge=0)] | Literal["mean"]
