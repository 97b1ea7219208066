"""How worrying the words of a turn are: a lexicon with a small grammar; a guard cancels its own span only.

The ladder: 0 nothing, 1 strained, 2 passive ("no wish to live"), 3 explicit (intent, plan, means, time). Words only.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from assistant.config.crisis import Crisis, Phrase, Subject
from assistant.core.misheard import Righted, put_right

_BORDER = "。！？!?,，;；.\n"
"""Signs that a phrase does not reach across."""

_STOPS = "。！？!?;；\n"
"""The ends of sentences: a topic reaches so far."""

_NEAR = 24
"""Characters before a sign in which its negation, its subject or its source is looked for."""


@dataclass(frozen=True, slots=True)
class Concern:
    """level: 0-3 of the speaker; what is said of somebody else or quoted is at most 1 and keeps its `about`."""

    level: int = 0
    about: Subject = Subject.SELF


def assess(text: str, lexicon: Crisis) -> Concern:
    """Return the gravest concern that a text raises, as it stands or with misheard words put right."""
    grammar = _compiled(lexicon)
    words = _normal(text, lexicon)
    concerns = list(_concerns(words, grammar)) if grammar.hint.search(words) else []
    if righted := put_right(words, lexicon.misheard):
        concerns += _misheard(righted, grammar)
    # Of equal levels the one about somebody else is more specific: it has an answer of its own.
    return max(concerns, key=lambda concern: (concern.level, concern.about != Subject.SELF), default=Concern())


def _concerns(words: str, grammar: "_Grammar") -> Iterator[Concern]:
    guards = _guards(words, grammar)
    for sign in grammar.signs:
        for match in sign.matches(words):
            yield _weigh(words, sign, match, _guarded(match, sign.level, guards), grammar)


def _misheard(righted: Righted, grammar: "_Grammar") -> Iterator[Concern]:
    """Yield what only a misheard word hides: never more than level 2, for it is a guess."""
    words, guards = righted.text, _guards(righted.text, grammar)
    for sign in grammar.signs:
        for match in sign.matches(words) if sign.level > 1 else ():
            start, end = match.span(1)
            inside = [right for left, right in righted.words if left < end and start < right]
            # A sign that ends in the misheard word is believed only where the clause ends with it, too.
            if inside and (max(inside) < end or grammar.closed.match(words, end)):
                yield _weigh(words, sign, match, min(2, _guarded(match, sign.level, guards)), grammar)


_Guards = list[tuple[int, int, int]]


def _guards(words: str, grammar: "_Grammar") -> _Guards:
    return [(*match.span(1), guard.level) for guard in grammar.guards for match in guard.matches(words)]


def _guarded(match: re.Match[str], level: int, guards: _Guards) -> int:
    """Return what is left of a sign's level: a guard counts for what it overlaps and for nothing else."""
    start, end = match.span(1)
    return min([level, *(cap for left, right, cap in guards if left < end and start < right)])


@dataclass(frozen=True, slots=True)
class _Sign:
    """A phrase compiled: group 1 is all of it, 2 its last part, 3 the first of several.

    hint: found in every text that holds the phrase, by a search that costs little.
    """

    hint: re.Pattern[str]
    pattern: re.Pattern[str]
    level: int
    bare: bool

    def matches(self, words: str) -> Iterable[re.Match[str]]:
        """Return every match; they may overlap, so that a guarded one hides none."""
        return self.pattern.finditer(words) if self.hint.search(words) else ()


@dataclass(frozen=True, slots=True)
class _Grammar:
    """hint: found in every text that holds any sign, and in few others; most turns need no closer look."""

    hint: re.Pattern[str]
    signs: tuple[_Sign, ...]
    guards: tuple[_Sign, ...]
    negated: re.Pattern[str]
    rhetorical: re.Pattern[str]
    past: re.Pattern[str]
    other: re.Pattern[str]
    reported: re.Pattern[str]
    whose: re.Pattern[str]
    quoted: re.Pattern[str]
    mentioned: re.Pattern[str]
    topics: re.Pattern[str]
    anybody: re.Pattern[str]
    closed: re.Pattern[str]


@lru_cache(maxsize=4)
def _compiled(lexicon: Crisis) -> _Grammar:
    fillers, bridges = lexicon.fillers, (*lexicon.bridges, *lexicon.fillers)
    return _Grammar(
        hint=_literal(word for sign in lexicon.signs for word in _rarest(sign)),
        signs=tuple(_phrase(phrase, fillers) for phrase in lexicon.signs),
        guards=tuple(_phrase(phrase, fillers) for phrase in lexicon.guards),
        negated=_just_before(lexicon.negations, (*fillers, "过")),
        rhetorical=_just_before(lexicon.rhetorical, fillers),
        past=_just_before(lexicon.past, (*bridges, "我", "i", "过")),
        other=_just_before(lexicon.others, bridges, lexicon.addressed),
        reported=_just_before(
            lexicon.others, bridges, lexicon.addressed, f"[^{_BORDER}我]{{0,8}}(?:{_any(lexicon.reports)})"
        ),
        whose=re.compile(f"了?的(?:{_any(lexicon.others)})"),
        quoted=_just_before(lexicon.quoted, (*bridges, *lexicon.others)),
        mentioned=re.compile(f"[^{_BORDER}]{{0,2}}(?:{_any(lexicon.mentioned)})"),
        topics=re.compile(_any((*lexicon.topics, *lexicon.quoted))),
        anybody=re.compile(_any(lexicon.others)),
        closed=re.compile(f"$|[{_BORDER}]|{_any(lexicon.misheard.closers)}"),
    )


def _weigh(words: str, sign: _Sign, match: re.Match[str], level: int, grammar: _Grammar) -> Concern:
    """Return what a sign comes to, `level` at most, given what stands around it."""
    end = match.end(1)
    # Whose and whether stands before the whole phrase; within a bare one there is room for it, too.
    lead = _clause(words[: match.start(1)])
    clause = _clause(words[: match.start(2)]) if sign.bare else lead
    if (
        grammar.quoted.search(clause)
        or grammar.mentioned.match(words, end)
        or (sign.bare and _topic(words, match, grammar))
    ):
        return Concern(min(level, 1), Subject.QUOTED if level else Subject.SELF)
    # Of several people in the clause of a bare sign the last one is meant.
    somebody = sign.bare and grammar.anybody.search(clause, max(0, clause.rfind("我")))
    if somebody or grammar.other.search(clause) or grammar.reported.search(clause) or grammar.whose.match(words, end):
        return Concern(min(level, 1), Subject.OTHER if level else Subject.SELF)
    denied = _negated(lead, grammar)
    if sign.bare and match[3]:  # the first part may itself begin with a "not": that one is the sign's own
        denied = denied or _negated(_clause(words[match.end(3) : match.start(2)]), grammar)
    over = grammar.past.search(lead) or grammar.past.search(clause)
    return Concern(min(level, 1) if denied or over else level)


def _clause(before: str) -> str:
    """Return the last clause of what stands before a sign, as far as it matters."""
    return re.split(f"[{_BORDER}]", before[-_NEAR:])[-1]


def _negated(clause: str, grammar: _Grammar) -> bool:
    return grammar.negated.search(clause) is not None and not grammar.rhetorical.search(clause)


def _topic(words: str, match: re.Match[str], grammar: _Grammar) -> bool:
    """Tell whether the sentence around a sign speaks of a game, a film, the news."""
    first = max(words.rfind(stop, 0, match.start(1)) for stop in _STOPS) + 1
    last = min((place for stop in _STOPS if (place := words.find(stop, match.end(1))) >= 0), default=len(words))
    return grammar.topics.search(words, first, last) is not None


def _phrase(phrase: Phrase, fillers: tuple[str, ...]) -> _Sign:
    filler = f"(?:{_any(fillers)}| ){{0,4}}"
    between = f"{filler}[^{_BORDER}]{{0,{phrase.gap}}}?" if phrase.gap else filler
    *first, last = (f"(?:{_any(part)})" for part in phrase.parts)
    pattern = "".join(f"{part}{between}" for part in first)
    head = f"(?=({first[0]}))" if first else "()"
    hint = _literal(_rarest(phrase))
    return _Sign(hint, re.compile(f"(?=({pattern}({last}))){head}"), phrase.level, phrase.bare)


def _rarest(phrase: Phrase) -> tuple[str, ...]:
    """Return the alternatives of the part that ordinary talk is least likely to hold: long words, or few."""
    return max(phrase.parts, key=lambda part: (min(map(len, part)), -len(part)))


def _literal(words: Iterable[str]) -> re.Pattern[str]:
    """Return what finds any of the words as plain characters, nothing where there is none."""
    return re.compile("|".join(map(re.escape, words)) or "(?!)")


def _just_before(
    heads: tuple[str, ...], between: tuple[str, ...], unless_after: tuple[str, ...] = (), then: str = ""
) -> re.Pattern[str]:
    """Return what matches a clause that ends in one of `heads`, but for words of `between`."""
    unless = "".join(
        f"(?<!{re.escape(word + whose)})" for word in unless_after for whose in ("", " ", "我", "我的", " my ")
    )
    return re.compile(rf"{unless}(?:{_any(heads)}){then}(?:{_any(between)}| ){{0,6}}$")


def _any(words: tuple[str, ...]) -> str:
    """Return alternatives, longest first; Latin words match whole words only."""
    return "|".join(map(_word, sorted(words, key=len, reverse=True)))


def _word(word: str) -> str:
    left = r"(?<![a-z0-9])" if word[0].isascii() and word[0].isalnum() else ""
    right = r"(?![a-z0-9])" if word[-1].isascii() and word[-1].isalnum() else ""
    return f"{left}{re.escape(word)}{right}"


def _normal(text: str, lexicon: Crisis) -> str:
    """Return text as the lexicon spells it: simplified, lower case, nothing strewn between Chinese characters."""
    words = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    for variant, normal in lexicon.variants:
        words = words.replace(variant, normal)
    words = re.sub(rf"\.{{2,}}|[^\w{_BORDER}'-]+", " ", words)
    return re.sub(r"(?<=[^\x00-\x7f])[ '-]+|[ '-]+(?=[^\x00-\x7f])", "", words).strip()
