"""The words on the screen: names of what the assistant knows, and what stands around them; all from prompts/."""

from collections.abc import Mapping

from assistant.config.files import locate
from assistant.config.texts import Texts, load_texts
from assistant.config.tree import Config
from assistant.types import Language


class Words:
    """The screen's words in one language."""

    def __init__(self, texts: Texts, language: Language) -> None:
        self._texts = texts
        self.language = language

    def label(self, kind: str, name: str) -> str:
        """Return the name of a value, such as the emotion `angry`."""
        return self._texts.say(f"labels.{kind}.{name}")

    def screen(self, key: str, values: Mapping[str, str] | None = None) -> str:
        """Return a text of the screen with its placeholders filled."""
        return self._texts.say(f"console.{key}", values)


def words_of(config: Config) -> Words:
    """Return the screen's words in the language of the configuration, Chinese where it goes by what is spoken."""
    return _words(config, Language.ZH if config.language == "auto" else Language(config.language))


def every_language(config: Config) -> dict[Language, Words]:
    """Return the screen's words in every language."""
    return {language: _words(config, language) for language in Language}


def _words(config: Config, language: Language) -> Words:
    return Words(load_texts(locate(config.files.prompts) / language), language)
