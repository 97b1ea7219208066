"""What speakers say of their own feelings: "I'm not angry" denies a reading, "I'm sad" names one.

A text is read backwards from each word for an emotion: adverbs, a negation, a subject (configs/corrections.yaml).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from assistant.config.corrections import Corrections
from assistant.config.phrases import any_of, plain
from assistant.types import Emotion

_BORDER = re.compile(r"[。!?,、;:.\n]")
"""Signs that a clause does not reach across, in plain text."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a text says of its speaker, each emotion once; hands_off: no remarks on feelings are wanted."""

    denied: tuple[Emotion, ...] = ()
    felt: tuple[Emotion, ...] = ()
    hands_off: bool = False


def tell(text: str, lexicon: Corrections) -> Told:
    """Return which emotions a text denies of its speaker, and which it names as felt."""
    grammar, words = _compiled(lexicon), plain(text)
    denied: list[Emotion] = []
    felt: list[Emotion] = []
    said = 0
    for mention in grammar.mention.finditer(words):
        lead, rest = words[_start_of_clause(words, mention.start(), said) : mention.start()], words[mention.end() :]
        meant = grammar.words[mention[0]]
        if grammar.not_meant.match(rest):
            continue
        if grammar.objected.search(lead):
            denied += meant
        elif grammar.denied.search(lead) and not grammar.supposed.search(lead):
            if not grammar.passed.match(rest):
                denied += (emotion for emotion in meant if emotion not in lexicon.by_objection_only)
        elif grammar.asserted.search(lead) or (said and grammar.adverbs_only.fullmatch(lead)):
            felt += meant
        else:
            continue
        said = mention.end()
    return Told(
        denied=tuple(dict.fromkeys(denied)),
        felt=tuple(dict.fromkeys(emotion for emotion in felt if emotion not in denied)),
        hands_off=grammar.hands_off.search(words) is not None,
    )


@dataclass(frozen=True, slots=True)
class _Grammar:
    """What the words before and behind a mention are matched against; `words`: what each word may mean."""

    words: dict[str, tuple[Emotion, ...]]
    mention: re.Pattern[str]
    objected: re.Pattern[str]
    denied: re.Pattern[str]
    asserted: re.Pattern[str]
    adverbs_only: re.Pattern[str]
    supposed: re.Pattern[str]
    not_meant: re.Pattern[str]
    passed: re.Pattern[str]
    hands_off: re.Pattern[str]


@lru_cache(maxsize=4)
def _compiled(lexicon: Corrections) -> _Grammar:
    adverbs = f"(?:(?:{any_of(lexicon.adverbs)})| ){{0,6}}"
    subject, negation = f"(?:{any_of(lexicon.subjects)})", f"(?:{any_of(lexicon.negations)})"
    words = dict(_meanings(lexicon))
    return _Grammar(
        words=words,
        mention=re.compile(any_of(words)),
        objected=re.compile(f"(?:{any_of(lexicon.objections)}){adverbs}$"),
        denied=re.compile(f"(?:^|{subject}){adverbs}{negation}{adverbs}$"),
        asserted=re.compile(f"{subject}{adverbs}$"),
        adverbs_only=re.compile(adverbs),
        supposed=re.compile(f"(?:{any_of(lexicon.supposed)}){adverbs}{negation}{adverbs}$"),
        not_meant=re.compile(f" ?(?:{any_of(lexicon.not_meant)})"),
        passed=re.compile(f" ?(?:{any_of(lexicon.passed)})"),
        hands_off=re.compile(any_of(lexicon.hands_off)),
    )


def _meanings(lexicon: Corrections) -> Iterator[tuple[str, tuple[Emotion, ...]]]:
    """Yield each word in its plain form with every emotion that it may stand for."""
    for word in {word for named in lexicon.emotions for word in named.words}:
        yield plain(word), tuple(named.emotion for named in lexicon.emotions if word in named.words)


def _start_of_clause(words: str, end: int, said: int) -> int:
    """Return where the clause begins that reaches to `end`; what was said before it about oneself is left out."""
    borders = [border.end() for border in _BORDER.finditer(words, said, end)]
    return borders[-1] if borders else said
