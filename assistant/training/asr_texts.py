"""What the speech recogniser is made to read: corpus sentences, splices and mutations of them, word salad.

Sentences alone teach the model to recite. Salad, at about a third of the data, makes it listen: it is what carries
over to sentences nobody wrote down. Words come from the dictionary of jieba, with frequency and part of speech.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.training.corpus import Corpus

LONGEST = 16
"""Characters in the longest training text."""

_COMMON_CHARACTERS = 500
_RAREST_WORD = 300
_NAMES = ("nr", "ns", "nt", "nz", "nrt", "nrfg")
_FRAMES = (
    *("r d v n", "t r v n", "r v 了 n", "n d a", "r 的 n d a", "r 把 n v 了", "t n d v", "r 想 v n", "n 和 n d v"),
    *("r 在 n v", "v m q n", "a 的 n v 了", "r d d a", "r v 了 m q n", "n 的 n d a 了", "请 v n", "r 不 v n", "d v n"),
    *("r 会 v 吗", "n 是 n", "n 被 r v 了", "r v 得 d a", "t r 去 n v", "r 觉得 n d a"),
)
"""Small grammar: Latin letters are parts of speech to be filled, characters stand for themselves."""


@dataclass(frozen=True, slots=True)
class Word:
    """One dictionary word; ``kind`` is jieba's part of speech ("n", "v", ...)."""

    text: str
    frequency: int
    kind: str


class Texts:
    """Draws training texts. Holds the word lists; never yields a held-out sentence of the corpus."""

    def __init__(self, corpus: Corpus) -> None:
        import jieba

        words = _dictionary()
        held_out = corpus.of("fillings", "templates", "free")
        self.alphabet = _alphabet(corpus, words)
        self._sentences = [sentence.text for sentence in corpus.of("train")]
        self._by_template = _group(corpus)
        self._held_out = frozenset(sentence.text for sentence in held_out)
        spelt = [word for word in words if word.frequency >= _RAREST_WORD and set(word.text) <= set(self.alphabet)]
        self._words = [word for word in spelt if word.kind not in _NAMES] + [Word(c, 1, "x") for c in self.alphabet]
        self._kind = {word.text: word.kind for word in self._words}
        self._of_kind = {kind: _Weighted(list_) for kind, list_ in _kinds(self._words).items()}
        self._any = _Weighted(self._words)
        self._holding = _holding(self._words)
        self._segmented = [[token for token in jieba.cut(text) if token] for text in self._sentences]
        self._spoken = sorted({token for tokens in self._segmented for token in tokens})
        self._spoken_of_kind = _spoken_kinds(self._spoken, self._kind)

    def draw(self, rng: np.random.Generator) -> str:
        """Draw one text of at most ``LONGEST`` characters."""
        while True:
            makers = (self._sentence, self._splice, self._mutation, self._corpus_salad, self._frame, self._salad)
            text = makers[int(rng.choice(6, p=(0.22, 0.28, 0.16, 0.06, 0.10, 0.18)))](rng)
            if 0 < len(text) <= LONGEST and text not in self._held_out:
                return text

    def _sentence(self, rng: np.random.Generator) -> str:
        # By template and then by filling: a template with fifty fillings is not fifty times as worth learning.
        if rng.uniform() < 0.5:
            return str(rng.choice(self._sentences))
        return str(rng.choice(self._by_template[int(rng.integers(len(self._by_template)))]))

    def _splice(self, rng: np.random.Generator) -> str:
        """Begin one sentence and end with another: new as a whole, natural from word to word."""
        first, second = (self._segmented[int(rng.integers(len(self._segmented)))] for _ in range(2))
        head, tail = int(rng.integers(1, len(first) + 1)), int(rng.integers(len(second)))
        return "".join((*first[:head], *second[tail:]))

    def _mutation(self, rng: np.random.Generator) -> str:
        tokens = list(self._segmented[int(rng.integers(len(self._segmented)))])
        for index, token in enumerate(tokens):
            kind = self._kind.get(token, "")
            if rng.uniform() < 0.4:
                if kind in self._spoken_of_kind and rng.uniform() < 0.6:
                    tokens[index] = str(rng.choice(self._spoken_of_kind[kind]))
                elif kind in self._of_kind:
                    tokens[index] = self._of_kind[kind].draw(rng)
        return "".join(tokens)

    def _corpus_salad(self, rng: np.random.Generator) -> str:
        return "".join(str(token) for token in rng.choice(self._spoken, int(rng.integers(2, 7))))

    def _frame(self, rng: np.random.Generator) -> str:
        frame = _FRAMES[int(rng.integers(len(_FRAMES)))].split()
        return "".join(self._of_kind[slot].draw(rng) if slot.isascii() else slot for slot in frame)

    def _salad(self, rng: np.random.Generator) -> str:
        count = int(rng.integers(1, 6))
        return "".join(self._rare(rng) if rng.uniform() < 0.5 else self._any.draw(rng) for _ in range(count))

    def _rare(self, rng: np.random.Generator) -> str:
        """Draw a word through a character drawn evenly, so that no character of the alphabet stays unheard."""
        holders = self._holding[self.alphabet[int(rng.integers(len(self.alphabet)))]]
        return holders[int(rng.integers(len(holders)))]


class _Weighted:
    """A list of words to draw from, the frequent ones more often (tempered: rare words must be heard too)."""

    def __init__(self, words: Sequence[Word]) -> None:
        self._texts = [word.text for word in words]
        weights = np.power([float(word.frequency) for word in words], 0.7)
        self._cumulative = np.cumsum(weights / weights.sum())

    def draw(self, rng: np.random.Generator) -> str:
        return self._texts[min(int(np.searchsorted(self._cumulative, rng.uniform())), len(self._texts) - 1)]


def _dictionary() -> list[Word]:
    import jieba

    with jieba.get_dict_file() as file:
        rows = [line.decode("utf-8").split() for line in file]
    return [Word(row[0], int(row[1]), row[2]) for row in rows if len(row) == 3 and len(row[0]) <= 4]


def _alphabet(corpus: Corpus, words: Sequence[Word]) -> tuple[str, ...]:
    """Spell the corpus, plus the commonest characters of the language; Chinese characters only."""
    count: Counter[str] = Counter()
    for word in words:
        if word.kind not in _NAMES:
            for character in word.text:
                count[character] += word.frequency
    common = {character for character, _ in count.most_common(_COMMON_CHARACTERS)}
    written = {character for sentence in corpus.sentences for character in sentence.text}
    return tuple(sorted(character for character in common | written if "\u4e00" <= character <= "\u9fff"))


def _group(corpus: Corpus) -> list[list[str]]:
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for sentence in corpus.of("train"):
        groups[sentence.template].append(sentence.text)
    return list(groups.values())


def _kinds(words: Sequence[Word]) -> Mapping[str, list[Word]]:
    kinds: defaultdict[str, list[Word]] = defaultdict(list)
    for word in words:
        kinds[word.kind].append(word)
    return kinds


def _spoken_kinds(spoken: Sequence[str], kind: Mapping[str, str]) -> Mapping[str, list[str]]:
    kinds: defaultdict[str, list[str]] = defaultdict(list)
    for text in spoken:
        if text in kind:
            kinds[kind[text]].append(text)
    return kinds


def _holding(words: Sequence[Word]) -> Mapping[str, list[str]]:
    holding: defaultdict[str, list[str]] = defaultdict(list)
    for word in words:
        for character in set(word.text):
            holding[character].append(word.text)
    # The bare character is a last resort: alone it has no context to be told from its homophones.
    return {c: [text for text in texts if len(text) > 1] or texts for c, texts in holding.items()}
