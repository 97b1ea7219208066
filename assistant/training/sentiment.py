"""Train the mini sentiment BERT, measure it on unseen templates and free sentences, freeze it in the hub's own layout.

    python -m assistant.training.sentiment

It learns from the corpus and from polarity words in generic carriers, with characters dropped and swapped as a
recogniser does. Cross-validation over templates is the honest figure, though not a blind one: the words in the carriers
were written by someone who knew the templates.
"""

import argparse
import json
import math
import random
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import jieba
import numpy as np
import torch
import yaml
from numpy.typing import NDArray
from rich.progress import track
from torch.nn import functional
from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

from assistant.training.asr_texts import Texts
from assistant.training.corpus import LABELS, Corpus, Label, Sentence, Split, load_corpus

SEED = 1
STEPS, BATCH, PEAK_LR, WARM_UP, EMA, SMOOTHING = 3500, 64, 2e-3, 100, 0.995, 0.05
FOLDS = 5
COMMON = 1000
"""Occurrences in jieba's dictionary that make a word common."""
WIDTH, LAYERS, HEADS, FEED_FORWARD, LONGEST = 96, 2, 4, 192, 160
SHARES = (0.22, 0.24, 0.32, 0.22)
"""How often each label is drawn, in the order of LABELS: plain talk is the commonest."""
PUNCTUATION = "。，？！、"
SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
OUT = Path(__file__).parents[1] / "checkpoints" / "mini" / "sentiment"

_POLARITY = Path(__file__).parent / "corpus" / "polarity.yaml"
_BLIND = Path(__file__).parent / "corpus" / "blind.yaml"
_SLOT = re.compile(r"\(([^()]*)\)")
_NAME = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """Predicted probabilities [texts, labels] against the truth [texts]."""

    probabilities: NDArray[np.float32]
    truth: NDArray[np.int64]

    @property
    def accuracy(self) -> float:
        """Return the share of texts whose label was found."""
        return float((self.probabilities.argmax(1) == self.truth).mean())

    def recalls(self) -> dict[str, float]:
        """Return the share found of each label's texts."""
        hit = self.probabilities.argmax(1) == self.truth
        return {label: round(float(hit[self.truth == i].mean()), 3) for i, label in enumerate(LABELS)}

    @property
    def ece(self) -> float:
        """Return the expected calibration error over ten equal bins of the top probability (Guo et al. 2017)."""
        top, hit = self.probabilities.max(1), self.probabilities.argmax(1) == self.truth
        bins = np.minimum((top * 10).astype(int), 9)
        return float(sum(abs(hit[bins == b].sum() - top[bins == b].sum()) for b in range(10)) / len(top))


class Lessons:
    """Draw training texts with their labels; half corpus, half polarity words in carriers."""

    def __init__(self, sentences: Sequence[Sentence], alphabet: Sequence[str], seed: int) -> None:
        self._rng = random.Random(seed)
        self._alphabet = alphabet
        self._carriers = _carriers()
        self._weights = {label: [_breadth(each) for each in carriers] for label, carriers in self._carriers.items()}
        self._templates: dict[Label, list[list[str]]] = {}
        for label in LABELS:
            groups: defaultdict[str, list[str]] = defaultdict(list)
            for sentence in sentences:
                if sentence.sentiment == label:
                    groups[sentence.template].append(sentence.text)
            self._templates[label] = list(groups.values())
        self._plain_words = self._words_without_colour()

    def draw(self) -> tuple[str, int]:
        """Draw a text and the index of its label. One in six has a plain sentence beside the one that decides."""
        (index,) = self._rng.choices(range(len(LABELS)), SHARES)
        text = self._sentence(LABELS[index])
        if self._rng.random() < 1 / 6:
            parts = [self._sentence("中性"), text]
            text = "".join(parts if self._rng.random() < 0.5 else reversed(parts))
        return self._mishear(text), index

    def _sentence(self, label: Label) -> str:
        if self._rng.random() < 0.5:
            (carrier,) = self._rng.choices(self._carriers[label], self._weights[label])
            return self._filling(carrier)
        if label == "中性" and self._rng.random() < 0.4:
            return "".join(self._rng.choices(self._plain_words, k=self._rng.randint(1, 5)))
        return self._rng.choice(self._rng.choice(self._templates[label]))

    def _filling(self, carrier: str) -> str:
        return _SLOT.sub(lambda slot: self._rng.choice(slot[1].split("|")), carrier)

    def _words_without_colour(self) -> list[str]:
        """List the words of plain sentences, and common ones that no carrier colours by word or by character.

        A soup of them is plain: without it every character that plain sentences happen to lack gets a colour.
        """
        plain = [word for group in self._templates["中性"] for word in jieba.cut(group[0])]
        written = {
            label: "|".join([*self._carriers[label], *(text for group in self._templates[label] for text in group)])
            for label in LABELS
        }
        coloured = "|".join(text for label, text in written.items() if label != "中性")
        only = set(coloured) - set(written["中性"])
        common = [word for word in _common_words(self._alphabet) if only.isdisjoint(word)]
        return plain + [word for word in common if len(word) == 1 or word not in coloured]

    def _mishear(self, text: str) -> str:
        """Drop and swap characters in a third of the texts; end a third with punctuation, which typed text has."""
        if self._rng.random() < 1 / 3:
            kept = [c for c in text if self._rng.random() > 0.06] or list(text)
            text = "".join(self._rng.choice(self._alphabet) if self._rng.random() < 0.08 else c for c in kept)
        if self._rng.random() < 1 / 3:
            text += self._rng.choice(PUNCTUATION)
        return text


def main() -> None:
    """Train on all of the training split, freeze, cross-validate over templates, measure."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--folds", type=int, default=FOLDS, help="folds of the cross-validation to run, 0 to skip it")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    torch.set_num_threads(1)

    corpus = load_corpus()
    alphabet = _alphabet(corpus)
    tokenizer = _tokenizer(alphabet, options.out)
    model = fit(corpus.of("train"), alphabet, tokenizer, options.steps)
    freeze(model, tokenizer, options.out)
    held_out = [_fold(corpus, alphabet, tokenizer, fold) for fold in range(options.folds)]

    splits: tuple[Split, ...] = ("train", "fillings", "templates", "free")
    tests = {split: corpus.of(split) for split in splits} | {"blind": _blind()}
    scores = {name: score(model, tokenizer, sentences) for name, sentences in tests.items()}
    report: dict[str, object] = {"parameters": sum(p.numel() for p in model.parameters()), "steps": options.steps}
    report |= {name: _summary(each) for name, each in scores.items()}
    if held_out:
        joined = Score(
            np.concatenate([each.probabilities for each in held_out]), np.concatenate([each.truth for each in held_out])
        )
        report["cross-validation over templates"] = {
            **_summary(joined),
            "folds": [round(each.accuracy, 3) for each in held_out],
        }
    (options.out / "report.json").write_text(json.dumps(report, ensure_ascii=False, indent=1), encoding="utf-8")
    print(json.dumps(report, ensure_ascii=False, indent=1))


def fit(
    sentences: Sequence[Sentence], alphabet: Sequence[str], tokenizer: BertTokenizer, steps: int
) -> BertForSequenceClassification:
    """Train by steps with a cosine schedule; return the exponentially averaged copy, in eval mode."""
    torch.manual_seed(SEED)
    names: dict[int, str] = dict(enumerate(LABELS))
    model = BertForSequenceClassification(
        BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=WIDTH,
            num_hidden_layers=LAYERS,
            num_attention_heads=HEADS,
            intermediate_size=FEED_FORWARD,
            max_position_embeddings=LONGEST,
            hidden_dropout_prob=0.1,
            attention_probs_dropout_prob=0.1,
            id2label=names,
            label2id={name: index for index, name in names.items()},
        )
    )
    optimiser = torch.optim.AdamW(model.parameters(), lr=PEAK_LR, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / WARM_UP, 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / steps)))
    )
    averaging = torch.optim.swa_utils.get_ema_multi_avg_fn(EMA)  # type: ignore[no-untyped-call]  # untyped in torch
    averaged = torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=averaging)
    lessons = Lessons(sentences, alphabet, SEED)
    model.train()
    for _ in track(range(steps), description="training"):
        texts, truth = zip(*(lessons.draw() for _ in range(BATCH)), strict=True)
        encoded = tokenizer(list(texts), padding=True, return_tensors="pt")
        guess = model(**encoded).logits
        loss = functional.cross_entropy(guess, torch.tensor(truth), label_smoothing=SMOOTHING)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # untyped in torch
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        averaged.update_parameters(model)
    return cast("BertForSequenceClassification", averaged.module.eval())


def score(model: BertForSequenceClassification, tokenizer: BertTokenizer, sentences: Sequence[Sentence]) -> Score:
    """Classify the sentences as they are, without punctuation."""
    rows = []
    with torch.inference_mode():
        for start in range(0, len(sentences), 256):
            texts = [sentence.text for sentence in sentences[start : start + 256]]
            rows.append(torch.softmax(model(**tokenizer(texts, padding=True, return_tensors="pt")).logits, -1).numpy())
    truth = np.array([LABELS.index(sentence.sentiment) for sentence in sentences], np.int64)
    return Score(np.concatenate(rows), truth)


def freeze(model: BertForSequenceClassification, tokenizer: BertTokenizer, out: Path) -> None:
    """Write config.json, model.safetensors and the tokenizer's files, readable by everybody."""
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)
    for file in out.iterdir():
        file.chmod(0o644)  # transformers writes the weights for their owner only


def _tokenizer(alphabet: Sequence[str], out: Path) -> BertTokenizer:
    """Write vocab.txt and read it back as the tokenizer; one character is one token."""
    out.mkdir(parents=True, exist_ok=True)
    vocabulary = [*SPECIALS, *PUNCTUATION, *"0123456789abcdefghijklmnopqrstuvwxyz", *alphabet]
    (out / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    tokenizer = BertTokenizer(vocab={token: index for index, token in enumerate(vocabulary)}, model_max_length=LONGEST)
    if tokenizer.tokenize("今天好累") != list("今天好累"):
        raise RuntimeError("the tokenizer does not know the vocabulary it was given")
    return tokenizer


def _alphabet(corpus: Corpus) -> list[str]:
    """Spell what the recogniser spells and, for typed text, what the carriers say; Chinese characters only."""
    carried = {c for carriers in _carriers().values() for carrier in carriers for c in carrier}
    return sorted({*Texts(corpus).alphabet, *(c for c in carried if "\u4e00" <= c <= "\u9fff")})


def _carriers() -> dict[Label, list[str]]:
    """Read the carriers of each label with shared words filled in for {name}. Raises KeyError for an unknown name."""
    read = yaml.safe_load(_POLARITY.read_text(encoding="utf-8"))
    shared: dict[str, str] = read.pop("词")
    return {
        label: [_NAME.sub(lambda name: shared[name[1]], carrier).replace(" ", "") for carrier in carriers]
        for label, carriers in read.items()
    }


def _breadth(carrier: str) -> float:
    """Weigh a carrier by the square root of its widest slot: a hundred words are worth more lessons than four."""
    return math.sqrt(max((slot.count("|") + 1 for slot in _SLOT.findall(carrier)), default=1))


def _blind() -> tuple[Sentence, ...]:
    """Read the sentences that were written after the carriers and never taken up into them."""
    lines: dict[Label, list[str]] = yaml.safe_load(_BLIND.read_text(encoding="utf-8"))
    return tuple(Sentence(text, label, text, "free") for label in LABELS for text in lines[label])


def _common_words(alphabet: Sequence[str]) -> list[str]:
    """List the commoner words of the language that the alphabet spells, in a fixed order."""
    jieba.initialize()
    frequency: dict[str, int] = jieba.dt.FREQ
    return sorted(word for word, count in frequency.items() if count >= COMMON and word and set(word) <= set(alphabet))


def _fold(corpus: Corpus, alphabet: Sequence[str], tokenizer: BertTokenizer, fold: int) -> Score:
    """Train without a fifth of the training templates and test on exactly those."""
    train = corpus.of("train")
    templates = sorted({sentence.template for sentence in train})
    order = np.random.default_rng(SEED).permutation(len(templates))
    left_out = {templates[index] for index in order[fold::FOLDS]}
    model = fit([s for s in train if s.template not in left_out], alphabet, tokenizer, STEPS)
    return score(model, tokenizer, [s for s in train if s.template in left_out])


def _summary(each: Score) -> dict[str, object]:
    summary: dict[str, object] = {"texts": len(each.truth), "accuracy": round(each.accuracy, 3)}
    return summary | {"recall": each.recalls(), "ece": round(each.ece, 3)}


if __name__ == "__main__":
    main()
