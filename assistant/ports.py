"""What the assistant asks of its models: a Protocol per slot, implemented in `assistant.models`, never inherited."""

from collections.abc import Generator, Sequence
from typing import Protocol

from assistant.types import Message, Samples, Sentiment, Transcript, VoiceEmotion


class Vad(Protocol):
    """Tells speech from other sound, frame by frame.

    One instance serves one stream; it may keep state between frames.
    """

    @property
    def frame_samples(self) -> int:
        """Return the length of a frame, in samples at 16 kHz."""

    def probability(self, frame: Samples) -> float:
        """Return the probability of speech in one frame, float32 [frame_samples]."""

    def reset(self) -> None:
        """Forget the stream heard so far."""


class Asr(Protocol):
    """Recognises words."""

    @property
    def about(self) -> str:
        """Say which model it is, on one line: architecture and size."""

    def transcribe(self, samples: Samples) -> Transcript:
        """Return the words of one utterance, float32 [n] at 16 kHz. Raises ModelError."""


class EmotionModel(Protocol):
    """Hears how something is said."""

    @property
    def about(self) -> str:
        """Say which model it is, on one line: architecture and size."""

    def listen(self, samples: Samples) -> VoiceEmotion:
        """Return scores over the nine labels and the embedding of one utterance, float32 [n] at 16 kHz.

        Where it was built to follow the voice through time, the scores of its frames as well. Raises ModelError.
        """


class Punctuator(Protocol):
    """Puts punctuation into recognised words."""

    @property
    def about(self) -> str:
        """Say which model it is, on one line: architecture and size."""

    def punctuate(self, text: str) -> str:
        """Return the text with punctuation, its words untouched. Raises ModelError."""


class SentimentModel(Protocol):
    """Reads what the words convey."""

    @property
    def about(self) -> str:
        """Say which model it is, on one line: architecture and size."""

    def read(self, text: str) -> Sentiment:
        """Return scores over the four polarities of one unpunctuated text. Raises ModelError."""


class Replier(Protocol):
    """Puts a decided reply into words."""

    @property
    def about(self) -> str:
        """Say which model it is, on one line."""

    def phrase(self, messages: Sequence[Message]) -> Generator[str, None, None]:
        """Yield the reply piece by piece; closing the generator stops it. Raises ModelError."""
