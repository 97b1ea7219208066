"""Which language a text is in."""

import re

from assistant.types import Language

_LATIN_WORD = re.compile(r"[A-Za-z][A-Za-z']*")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")


def language_of(text: str) -> Language:
    """Return English if there are more latin words than Chinese characters, else Chinese; of an empty text too."""
    return Language.EN if len(_LATIN_WORD.findall(text)) > len(_HAN.findall(text)) else Language.ZH
