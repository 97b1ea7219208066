"""Replies phrased by any endpoint that speaks OpenAI's chat completions, streamed."""

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING

from assistant.config.replier import OpenAi
from assistant.errors import ModelError
from assistant.types import Message

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionMessageParam

_STAGE = "reply"

_LONGEST = 4000
"""Characters after which an answer is cut: whoever streams without end is not waited for."""


class OpenAiReplier:
    """Implements `assistant.ports.Replier` with the `openai` client. May be used from several threads at once."""

    def __init__(self, settings: OpenAi) -> None:
        """Make the client; nothing is sent before the first reply. Raises ModelError where the client is missing."""
        try:
            import openai
        except ImportError as error:
            raise ModelError(
                _STAGE, "kind openai needs the openai client: pip install 'emotion-assistant[llm]', or choose kind none"
            ) from error
        self._errors = openai.OpenAIError
        self._settings = settings
        # The client won't start without a key; servers on one's own machine take any.
        self._client = openai.OpenAI(
            base_url=settings.base_url, api_key=settings.api_key or "none", timeout=settings.whole_s, max_retries=0
        )

    @property
    def about(self) -> str:
        """Say which model phrases, and where."""
        return f"{self._settings.model} at {self._settings.base_url}"

    def phrase(self, messages: Sequence[Message]) -> Generator[str, None, None]:
        """Yield the answer piece by piece; closing the iterator hangs up. Raises ModelError."""
        settings = self._settings
        try:
            with self._client.chat.completions.create(
                model=settings.model,
                messages=[_param(message) for message in messages],
                max_tokens=settings.max_tokens,
                temperature=settings.temperature,
                stream=True,
            ) as stream:
                length = 0
                for chunk in stream:
                    piece = chunk.choices[0].delta.content if chunk.choices else None
                    if piece:
                        length += len(piece)
                        yield piece
                    if length > _LONGEST:
                        return
        except (self._errors, AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise ModelError(_STAGE, f"{self.about}: {type(error).__name__}: {_short(error)}") from error


def _param(message: Message) -> "ChatCompletionMessageParam":
    match message.role:
        case "system":
            return {"role": "system", "content": message.text}
        case "user":
            return {"role": "user", "content": message.text}
        case "assistant":
            return {"role": "assistant", "content": message.text}


def _short(error: Exception) -> str:
    """Return an error's words on one line: a server may answer with a page."""
    text = " ".join(str(error).split())
    return text if len(text) <= 200 else f"{text[:199]}…"
