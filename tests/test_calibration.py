"""Calibration fits what it says it fits, keeps speakers apart, and its figures are those that anybody else computes."""

import datetime
import json
import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics

from assistant.config.calibration import fitted_of, replaced
from assistant.config.files import CALIBRATION
from assistant.config.judgement import Fusion
from assistant.config.layers import load
from assistant.core.fusion import fuse
from assistant.errors import ScriptError
from assistant.store.labelled import encode_labelled, read_labelled
from assistant.tuning.calibration.arrays import parameters_of, posterior, turns_of
from assistant.tuning.calibration.bootstrap import resamples
from assistant.tuning.calibration.figures import BINS, bins, ece, figures, risk_by_coverage
from assistant.tuning.calibration.fit import fit, judge_all, nll
from assistant.tuning.calibration.folds import FOLDS, split
from assistant.tuning.calibration.statements import conflicts, ladder
from assistant.tuning.calibration.study import in_order, study
from assistant.tuning.calibration.systems import System, posteriors
from assistant.tuning.calibration.thresholds import CATEGORY_RISK, GROUP_RISK, smallest, thresholds, upper_bound
from assistant.types import FELT, Certainty, Emotion, Labelled, Mood, Observation, Polarity, Sentiment, VoiceEmotion
from tests.test_fusion import CLEAR, said, sentiments, turn, turns, voice, voices, words

START = load(env={}).config.fusion
SHIPPED = read_labelled(CALIBRATION / "synthetic.jsonl")
TODAY = datetime.date(2026, 11, 21)

labels = st.sampled_from(FELT)
unit = st.floats(0, 1)


def tell(observation: Observation, label: Emotion, speaker: str = "s", conflict: bool | None = None) -> Labelled:
    return Labelled(observation, label, speaker, conflict=conflict)


def spoken(count: int, temperature: float, seed: int, bias: float = 0.0) -> list[Labelled]:
    """Voices whose scores are too sure by a known temperature, and give anger too little by a known bias."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(count):
        scores = rng.dirichlet(np.full(len(FELT), 0.7)) + 1e-6
        logits = np.log(scores / scores.sum()) / temperature + bias * np.array(
            [label is Emotion.ANGRY for label in FELT]
        )
        likely = np.exp(logits - logits.max())
        label = FELT[rng.choice(len(FELT), p=likely / likely.sum())]
        heard = VoiceEmotion(dict(zip(FELT, (scores / scores.sum()).tolist(), strict=True)))
        found.append(tell(turn(heard), label, f"s{number % 20}"))
    return found


@st.composite
def fusions(draw: st.DrawFn) -> Fusion:
    """Any settings of those that can be fitted."""
    weights = draw(st.lists(st.floats(0.05, 1), min_size=len(FELT), max_size=len(FELT)))
    rows = draw(st.lists(st.lists(st.floats(0.05, 1), min_size=4, max_size=4), min_size=7, max_size=7))
    fitted = fitted_of(START).model_dump(mode="json") | {
        "prior": {label: weight / sum(weights) for label, weight in zip(FELT, weights, strict=True)},
        "voice": {"temperature": draw(st.floats(0.3, 5)), "bias": {"angry": draw(st.floats(-1, 1))}},
        "words": {
            "temperature": draw(st.floats(0.3, 5)),
            "confusion": {
                label: {kind: share / sum(row) for kind, share in zip(Polarity, row, strict=True)}
                for label, row in zip(FELT, rows, strict=True)
            },
        },
        "pooling": {name: draw(unit) for name in ("alpha_voice", "alpha_words", "rho_leader", "rho_other")},
    }
    return replaced(START, type(fitted_of(START)).model_validate_json(json.dumps(fitted)))


# The fit.


@given(st.lists(turns, min_size=1, max_size=4), fusions())
def test_the_posterior_of_many_turns_at_once_is_that_of_fusion(seen: list[Observation], by: Fusion) -> None:
    together = np.exp(posterior(turns_of([tell(one, Emotion.SAD) for one in seen], by), parameters_of(by)))
    for row, one in zip(together, seen, strict=True):
        assert dict(zip(FELT, row, strict=True)) == pytest.approx(fuse(one, Mood(), by).now, abs=1e-12)


@given(voices, sentiments, st.floats(5, 20), fusions())
def test_it_is_so_in_every_conflict_too(heard: VoiceEmotion, meant: Sentiment, snr_db: float, by: Fusion) -> None:
    one = turn(heard, meant, quality=replace(CLEAR, snr_db=snr_db))
    (row,) = np.exp(posterior(turns_of([tell(one, Emotion.SAD)], by), parameters_of(by)))
    assert dict(zip(FELT, row, strict=True)) == pytest.approx(fuse(one, Mood(), by).now, abs=1e-12)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), fusions(), st.integers(5, 60))
def test_a_fit_is_never_worse_than_the_start_on_its_own_turns(seed: int, start: Fusion, count: int) -> None:
    rng = random.Random(seed)
    chosen = [
        replace(each, label=rng.choice(FELT)) if rng.random() < 0.3 else each for each in rng.sample(SHIPPED, count)
    ]
    arrays = turns_of(chosen, start)
    after = parameters_of(replaced(start, fit(chosen, start)))
    assert nll(arrays, after) <= nll(arrays, parameters_of(start)) + 1e-9


def test_a_start_that_is_better_than_the_fit_stays() -> None:
    spoken_as = dict(zip((Emotion.HAPPY, Emotion.SAD, Emotion.NEUTRAL, Emotion.ANGRY), Polarity, strict=True))
    sure = {emotion: {kind: 0.01 + 0.96 * (kind is spoken_as.get(emotion)) for kind in Polarity} for emotion in FELT}
    rows = {emotion: {kind: share / sum(row.values()) for kind, share in row.items()} for emotion, row in sure.items()}
    known = {emotion: 0.24 if emotion in spoken_as else 0.04 / 3 for emotion in FELT}
    better = START.model_copy(update={"prior": known, "words": START.words.model_copy(update={"confusion": rows})})
    chosen = [
        tell(turn(meant=words(*(0.97 if kind is said_as else 0.01 for kind in Polarity))), emotion)
        for emotion, said_as in spoken_as.items()
    ]
    fitted = fit(chosen, better)
    assert (fitted.prior, fitted.words.confusion) == (known, rows)


@pytest.mark.parametrize("temperature", [0.6, 1.0, 2.5])
def test_a_known_temperature_is_recovered(temperature: float) -> None:
    found = fit(spoken(3000, temperature, seed=7), START)
    assert found.voice.temperature == pytest.approx(temperature, rel=0.1)


def test_a_known_bias_is_recovered() -> None:
    bias = fit(spoken(4000, 1.0, seed=3, bias=0.8), START).voice.bias
    others = [value for emotion, value in bias.items() if emotion is not Emotion.ANGRY]
    assert bias[Emotion.ANGRY] - sum(others) / len(others) == pytest.approx(0.8, abs=0.15)


def test_the_confusion_matrix_is_counted_plus_one_and_an_emotion_never_met_keeps_its_row() -> None:
    angry = turn(meant=words(0.1, 0.7, 0.1, 0.1))
    calm = turn(meant=words(0.1, 0.1, 0.7, 0.1))
    unread = turn(meant=words(0.1, 0.7, 0.1, 0.1), transcript=said(confidence=0.1))
    seen = [tell(angry, Emotion.ANGRY)] * 5 + [tell(calm, Emotion.ANGRY), tell(unread, Emotion.ANGRY)]
    fitted = fit(seen, START)
    counted = dict(zip(Polarity, (1 / 10, 6 / 10, 2 / 10, 1 / 10), strict=True))
    assert fitted.words.confusion[Emotion.ANGRY] == pytest.approx(counted)
    assert fitted.words.confusion[Emotion.HAPPY] == START.words.confusion[Emotion.HAPPY]


def test_words_that_mislead_are_weighed_less() -> None:
    rng = random.Random(1)
    honest = spoken(400, 1.0, seed=5)
    said_at_random = [
        replace(
            each,
            observation=replace(
                each.observation,
                transcript=said(),
                sentiment=words(*rng.sample((0.94, 0.02, 0.02, 0.02), 4)),
            ),
        )
        for each in honest
    ]
    fitted = replaced(START, fit(said_at_random, START))
    by_words = posteriors(said_at_random, fitted, START)[System.WORDS]
    assert by_words.max() < 0.35


# The order of the lines, and speakers.


def test_the_order_of_the_lines_changes_nothing() -> None:
    shuffled = random.Random(0).sample(SHIPPED, len(SHIPPED))
    turns_one, digest_one = in_order(SHIPPED)
    turns_other, digest_other = in_order(shuffled)
    assert turns_one == turns_other
    assert digest_one == digest_other


def test_another_label_changes_the_hash_of_the_data() -> None:
    other = [replace(SHIPPED[0], label=Emotion.FEARFUL), *SHIPPED[1:]]
    assert in_order(SHIPPED)[1] != in_order(other)[1]


@given(st.lists(st.integers(0, 30), min_size=40, max_size=120).filter(lambda who: len(set(who)) >= FOLDS))
def test_no_speaker_is_on_both_sides_and_every_turn_is_judged_once(who: list[int]) -> None:
    told = [tell(turn(), Emotion.SAD, f"s{number}") for number in who]
    judged: list[int] = []
    for train, test in split(told):
        assert not {told[index].speaker for index in train} & {told[index].speaker for index in test}
        judged += test.tolist()
    assert sorted(judged) == list(range(len(told)))


def test_a_resample_takes_speakers_whole() -> None:
    speakers = ["a"] * 3 + ["b"] * 5 + ["c"] * 2
    drawn = [
        Counter(speakers[index] for index in chosen)
        for _, chosen in zip(range(50), resamples(speakers, 0), strict=False)
    ]
    for counts in drawn:
        times = {name: counts[name] / speakers.count(name) for name in counts}
        assert all(number == int(number) for number in times.values())
        assert sum(times.values()) == 3
    assert len({tuple(sorted(counts.items())) for counts in drawn}) > 5


# Figures, against what others compute.


def posteriors_at_random(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.full(len(FELT), 0.6), count) * 0.999 + 0.001 / len(FELT)
    truth = np.array([rng.choice(len(FELT), p=row) if rng.random() < 0.7 else rng.integers(len(FELT)) for row in p])
    return p, truth


@pytest.mark.parametrize("seed", range(5))
def test_figures_are_those_of_scikit_learn(seed: int) -> None:
    p, truth = posteriors_at_random(200, seed)
    top = p.argmax(axis=1)
    own = figures(p, truth)
    assert own.accuracy == pytest.approx(metrics.accuracy_score(truth, top))
    assert own.uar == pytest.approx(metrics.balanced_accuracy_score(truth, top))
    assert own.macro_f1 == pytest.approx(metrics.f1_score(truth, top, average="macro"))
    assert own.nll == pytest.approx(metrics.log_loss(truth, p, labels=range(len(FELT))))
    brier = sum((p[row, each] - (truth[row] == each)) ** 2 for row in range(200) for each in range(len(FELT))) / 200
    assert own.brier == pytest.approx(brier)


def test_the_calibration_error_of_four_turns_is_what_one_reckons_by_hand() -> None:
    # Three turns between 6/15 and 7/15, one of them right; one at 1, right.
    by_hand = (3 * abs((0.41 + 0.43 + 0.45) / 3 - 1 / 3) + abs(1.0 - 1.0)) / 4
    found = bins(np.array([0.41, 0.43, 0.45, 1.0]), np.array([True, False, False, True]))
    assert ece(found) == pytest.approx(by_hand)
    assert [each.count for each in found] == [0] * 6 + [3] + [0] * (BINS - 8) + [1]


def test_classwise_error_is_the_mean_over_the_emotions() -> None:
    p, truth = posteriors_at_random(150, 9)
    own = []
    for each in range(len(FELT)):
        error = 0.0
        for low in range(BINS):
            inside = [row for row in range(150) if low <= p[row, each] * BINS < low + 1]
            if inside:
                error += abs(sum(p[row, each] for row in inside) - sum(truth[row] == each for row in inside)) / 150
        own.append(error)
    assert figures(p, truth).classwise_ece == pytest.approx(sum(own) / len(own))


def test_risk_and_coverage_of_five_turns() -> None:
    p = np.full((5, 7), 0.0)
    p[:, 0] = (0.9, 0.5, 0.8, 0.6, 0.7)
    p[:, 1] = 1 - p[:, 0]
    truth = np.array([0, 1, 0, 0, 1])  # the surest first: right, right, wrong, right, wrong
    assert risk_by_coverage(p, truth).tolist() == pytest.approx([0, 0, 1 / 3, 1 / 4, 2 / 5])
    own = figures(np.maximum(p, 1e-9), truth)
    assert own.aurc == pytest.approx((0 + 0 + 1 / 3 + 1 / 4 + 2 / 5) / 5)
    assert own.coverage == pytest.approx(4 / 5)


# Thresholds.


@given(st.integers(0, 400), st.integers(1, 400))
def test_the_upper_bound_is_clopper_and_pearsons(errors: int, count: int) -> None:
    errors = min(errors, count)
    bound = upper_bound(errors, count)
    assert errors / count <= bound <= 1
    if errors < count:  # were it the true rate, so few errors would come with probability .05
        assert stats.binom.cdf(errors, count, bound) == pytest.approx(0.05, abs=1e-6)


shown = st.lists(st.tuples(st.sampled_from([k / 20 for k in range(21)]), st.booleans()), min_size=1, max_size=80)


@given(shown, unit, st.sampled_from([0.0, 0.3]))
def test_the_threshold_is_the_smallest_that_bounds_the_errors(
    told: list[tuple[float, bool]], risk: float, floor: float
) -> None:
    found = smallest(np.array([value for value, _ in told]), np.array([wrong for _, wrong in told]), risk, floor)

    def holds(threshold: float) -> bool:
        stated = [wrong for value, wrong in told if value >= threshold]
        return upper_bound(sum(stated), len(stated)) <= risk

    candidates = sorted({value for value, _ in told if value >= floor})
    assert found == next((value for value in candidates if holds(value)), 1.0)


def test_the_thresholds_bound_what_is_stated_on_their_own_turns() -> None:
    by = replaced(START, fit(SHIPPED, START))
    judged = judge_all(SHIPPED, by)
    rungs = {rung.certainty: rung for rung in ladder(SHIPPED, judged)}
    assert rungs[Certainty.LABEL].bound is not None
    assert rungs[Certainty.LABEL].bound <= CATEGORY_RISK
    assert rungs[Certainty.GROUP].bound is None or rungs[Certainty.GROUP].bound <= GROUP_RISK
    told = conflicts(SHIPPED, judged)
    assert told is not None
    assert told.precision is not None
    assert told.precision >= 0.6


def test_a_group_is_stated_where_emotions_blur_and_the_group_is_sure() -> None:
    rng = random.Random(2)
    dim = voice(angry=0.24, disgusted=0.24, fearful=0.24, sad=0.24, other=0.0, unknown=0.0)
    negative = (Emotion.ANGRY, Emotion.DISGUSTED, Emotion.FEARFUL, Emotion.SAD)
    blurred = [tell(turn(dim), rng.choice(negative)) for _ in range(100)]
    found = thresholds(blurred, judge_all(blurred, START), START.statement)
    assert found.category == 1.0
    assert found.group < 1.0


def test_too_few_known_conflicts_leave_the_threshold_as_it_was() -> None:
    some = [replace(each, conflict=None) for each in SHIPPED]
    assert fit(some, START).statement.conflict == START.statement.conflict
    assert conflicts(some, judge_all(some, START)) is None


# The whole.


@pytest.fixture(scope="module")
def few() -> Sequence[Labelled]:
    """Every turn of eight speakers."""
    chosen = sorted({each.speaker for each in SHIPPED})[:8]
    return [each for each in SHIPPED if each.speaker in chosen]


def test_a_study_says_who_was_fitted_and_what_it_is_worth(few: Sequence[Labelled]) -> None:
    ticks = Counter[str]()
    done = study(few, START, TODAY, folded=lambda: ticks.update(["fold"]), drawn=lambda: ticks.update(["draw"]))
    assert ticks == {"fold": FOLDS, "draw": 1000}
    assert (done.provenance.turns, done.provenance.speakers) == (len(few), 8)
    assert sorted(name for fold in done.folds for name in fold) == sorted({each.speaker for each in few})
    assert sum(map(sum, done.confusion)) == len(few)
    for each in done.figures.values():
        assert all(
            math.isfinite(number) for figure in each.values() for number in (figure.value, figure.low, figure.high)
        )
        assert each["nll"].low <= each["nll"].value <= each["nll"].high
    ours, best = done.figures[System.OURS]["nll"], done.figures[done.best_alone]["nll"]
    assert done.gain[done.best_alone].value == pytest.approx(best.value - ours.value)
    assert done.beats_best_alone == (done.gain[done.best_alone].low > 0)
    assert {part.by for part in done.slices} == {"snr", "domain", "speaker"}
    for by in ("snr", "domain", "speaker"):
        assert sum(part.count for part in done.slices if part.by == by) == len(few)
    assert all(sum(rung.count for rung in rungs) == len(few) for rungs in (done.ladder_before, done.ladder_after))


def test_what_is_held_out_was_judged_by_a_fit_on_others(few: Sequence[Labelled]) -> None:
    ordered, _ = in_order(few)
    train, test = split(ordered)[0]
    by = replaced(START, fit([ordered[index] for index in train], START))
    alone = posteriors([ordered[index] for index in test], by, START)
    truth = np.array([FELT.index(ordered[index].label) for index in test])
    done = study(few, START, TODAY)
    fold = next(fold for fold in done.folds if set(fold) == {ordered[index].speaker for index in test})
    for name in fold:
        here = [row for row, index in enumerate(test) if ordered[index].speaker == name]
        part = next(part for part in done.slices if (part.by, part.name) == ("speaker", name))
        assert part.after.nll == pytest.approx(figures(alone[System.OURS][here], truth[here]).nll)


def test_too_few_turns_or_speakers_are_refused() -> None:
    with pytest.raises(ScriptError, match="3 labelled turns are too few to calibrate on; it takes about 200"):
        study(SHIPPED[:3], START, TODAY)
    two = [replace(each, speaker="left" if index % 2 else "right") for index, each in enumerate(SHIPPED)]
    with pytest.raises(ScriptError, match=r"2 speakers are too few .* it takes 5 or more: left, right"):
        study(two, START, TODAY)


# What is shipped.


def test_the_shipped_turns_are_many_noisy_grouped_and_hold_no_voice() -> None:
    assert len(SHIPPED) >= 600
    assert len({each.speaker for each in SHIPPED}) >= 20
    assert {each.domain for each in SHIPPED} == {"synthetic, test voices", "synthetic, training voices"}
    noise = [each.snr_db for each in SHIPPED if each.snr_db is not None]
    assert len(noise) == len(SHIPPED)
    assert (min(noise) < 1, max(noise) > 19, max(noise) <= 20) == (True, True, True)
    assert min(Counter(each.label for each in SHIPPED).values()) >= 80
    assert 80 <= sum(each.conflict is True for each in SHIPPED) <= 200
    for each in SHIPPED:
        assert each.observation.voice is not None
        assert each.observation.voice.embedding is None
        assert each.observation.voice.frames is None
        assert sum(each.observation.voice.scores.values()) == pytest.approx(1, abs=1e-3)
    assert (CALIBRATION / "synthetic.jsonl").stat().st_size < 1_000_000


GOOD = json.loads((CALIBRATION / "synthetic.jsonl").read_text(encoding="utf-8").splitlines()[0])
BROKEN = {
    "not JSON": ("{", "not JSON"),
    "no object": ("[1]", "must be an object with the keys observation, label, speaker"),
    "a label of the model's": (json.dumps(GOOD | {"label": "other"}), "'label' is 'other'; known: angry, disgusted"),
    "no speaker": (json.dumps({key: GOOD[key] for key in ("observation", "label")}), "'speaker': field required"),
    "an empty speaker": (json.dumps(GOOD | {"speaker": " "}), "'speaker' is empty"),
    "a slip": (json.dumps(GOOD | {"conflct": True}), "unknown key 'conflct'; known: observation, label, speaker"),
    "a text for a number": (json.dumps(GOOD | {"snr_db": "loud"}), "'snr_db': input should be a valid number"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_line_is_named(case: str, tmp_path: Path) -> None:
    broken, sentence = BROKEN[case]
    path = tmp_path / "labelled.jsonl"
    path.write_text(f"{json.dumps(GOOD)}\n\n{broken}\n", encoding="utf-8")
    with pytest.raises(ScriptError) as error:
        read_labelled(path)
    assert str(error.value).startswith(f"{path}, line 3: ")
    assert sentence in str(error.value)


def test_what_was_written_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "labelled.jsonl"
    path.write_text("\n".join(encode_labelled(each) for each in SHIPPED[:20]), encoding="utf-8")
    assert read_labelled(path) == SHIPPED[:20]
