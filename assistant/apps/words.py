"""The words on the screen: names of what the assistant knows, and what stands around them; all from prompts/."""

from collections.abc import Mapping

from assistant.config.texts import Texts


class Words:
    """The screen's words in one language."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def label(self, kind: str, name: str) -> str:
        """Return the name of a value, such as the emotion `angry`."""
        return self._texts.say(f"labels.{kind}.{name}")

    def screen(self, key: str, values: Mapping[str, str] | None = None) -> str:
        """Return a text of the screen with its placeholders filled."""
        return self._texts.say(f"console.{key}", values)
