"""Notices when a voice is foreign to the recogniser, turn after turn."""

from collections import deque

from assistant.types import Observation, Verdict

_RECENT = 3
_FOREIGN = 2
_FIT = (Verdict.OK, Verdict.TRUNCATED)


def is_foreign(seen: Observation, familiar_from: float) -> bool:
    """Say whether words were heard, and heard well, with less confidence than the recogniser has in voices it knows."""
    words, quality = seen.transcript, seen.quality
    return bool(words and quality and quality.verdict in _FIT and words.confidence < familiar_from)


class Stranger:
    """Tells once in a conversation that the recogniser does not know this voice.

    A spoken turn is foreign where its words, heard well, have a confidence below `familiar_from`. Two such turns among
    the latest three tell it; so does, at the end, a conversation in which no turn was familiar.
    """

    def __init__(self, familiar_from: float) -> None:
        self._familiar_from = familiar_from
        self._recent: deque[bool] = deque(maxlen=_RECENT)
        self._only_foreign = True
        self._told = False

    def hear(self, seen: Observation) -> bool:
        """Take the next turn; return True if it is the one to tell after. Typed and badly heard turns say nothing."""
        if seen.transcript is None or seen.quality is None or seen.quality.verdict not in _FIT:
            return False
        foreign = is_foreign(seen, self._familiar_from)
        self._recent.append(foreign)
        self._only_foreign = self._only_foreign and foreign
        return sum(self._recent) >= _FOREIGN and self._tell()

    def end(self) -> bool:
        """Return True if it is to be told now, at the end."""
        return bool(self._recent) and self._only_foreign and self._tell()

    def _tell(self) -> bool:
        first = not self._told
        self._told = True
        return first
