"""Every adapter keeps the promise of its port, and whatever is wrong with a checkpoint is said when it is loaded."""

import json
import logging
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from assistant.errors import ConfigError, ModelError, ModelMissingError
from assistant.language import language_of
from assistant.models import device, words
from assistant.models.bert import Bert
from assistant.models.ct_transformer import CtTransformer
from assistant.models.emotion2vec import Emotion2Vec
from assistant.models.fsmn_vad import FsmnVad
from assistant.models.paraformer import Paraformer, spans
from assistant.ports import Asr, EmotionModel, SentimentModel
from assistant.types import Emotion, Language, Polarity, Token, Transcript
from tests import checkpoints
from tests.checkpoints import tone

DIRECT = {polarity.value: {polarity: 1.0} for polarity in Polarity}


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Tiny networks gain nothing from more, and lose much on a busy machine."""
    usual = torch.get_num_threads()
    device.claim_threads(1)
    yield
    device.claim_threads(usual)


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoints")
    checkpoints.paraformer(folder / "paraformer")
    checkpoints.paraformer(folder / "bicif", bicif=True)
    checkpoints.emotion2vec(folder / "emotion2vec")
    checkpoints.bert(folder / "bert")
    checkpoints.fsmn_vad(folder / "fsmn-vad")
    checkpoints.ct_transformer(folder / "ct-punc")
    return folder


@pytest.fixture(scope="session", params=["paraformer", "bicif"])
def asr(request: pytest.FixtureRequest, shelf: Path) -> Asr:
    return Paraformer(shelf / request.param, "cpu")


@pytest.fixture(scope="session")
def emotion(shelf: Path) -> EmotionModel:
    return Emotion2Vec(shelf / "emotion2vec", "cpu", max_window_s=4)


@pytest.fixture(scope="session")
def sentiment(shelf: Path) -> SentimentModel:
    return Bert(shelf / "bert", "cpu", DIRECT)


@pytest.fixture
def copy(shelf: Path, tmp_path: Path) -> Callable[[str], Path]:
    return lambda name: Path(shutil.copytree(shelf / name, tmp_path / name))


# --- what every recogniser promises


def test_a_recogniser_says_what_it_heard_and_how_sure_it_is(asr: Asr) -> None:
    heard = asr.transcribe(tone(3))
    assert 12 <= len(heard.tokens) <= 14
    assert heard.text == heard.punctuated == "".join(token.text for token in heard.tokens)
    assert heard.language is Language.ZH
    assert heard.confidence == pytest.approx(np.mean([token.confidence for token in heard.tokens]))
    assert 0 < heard.confidence < 1
    assert len(set(heard.text)) > 1


def test_a_recogniser_places_its_tokens_in_order_within_the_sound(asr: Asr) -> None:
    times = [time for token in asr.transcribe(tone(3)).tokens for time in (token.start, token.end)]
    assert times == sorted(times)
    assert 0 <= times[0] < times[-1] <= 3


def test_a_recogniser_hears_the_same_in_the_same_sound(asr: Asr) -> None:
    first = asr.transcribe(tone(2))
    asr.transcribe(tone(5, hz=300))
    assert asr.transcribe(tone(2)) == first


@pytest.mark.parametrize("samples", [1, 200, 399, 400, 1599])
def test_a_recogniser_survives_the_shortest_sound(asr: Asr, samples: int) -> None:
    heard = asr.transcribe(tone(1)[:samples])
    assert heard == Transcript("", "", Language.ZH, 0.0)


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(0, np.float32),
        np.full(16_000, np.nan, np.float32),
        np.zeros(16_000, np.int16),
        np.zeros(16_000),
        np.zeros((16_000, 2), np.float32),
    ],
    ids=["empty", "nan", "int16", "float64", "stereo"],
)
def test_what_is_no_sound_is_refused_before_the_network_sees_it(
    asr: Asr, emotion: EmotionModel, sound: np.ndarray
) -> None:
    with pytest.raises(ModelError, match="asr"):
        asr.transcribe(sound)
    with pytest.raises(ModelError, match="emotion"):
        emotion.listen(sound)


def test_sound_that_may_not_be_written_to_is_heard(asr: Asr, emotion: EmotionModel) -> None:
    sound = tone(1)
    sound.flags.writeable = False
    assert asr.transcribe(sound) == asr.transcribe(tone(1))
    assert emotion.listen(sound) == emotion.listen(tone(1))


def test_marks_of_the_vocabulary_are_no_words(copy: Callable[[str], Path]) -> None:
    folder = copy("paraformer")
    bias = torch.full([len(checkpoints.ASR_TOKENS)], -1e4)
    bias[[0, 1, 2, -1]] = 1e4
    checkpoints.edit_weights(folder, {"decoder.output_layer.bias": bias})
    assert Paraformer(folder, "cpu").transcribe(tone(2)) == Transcript("", "", Language.ZH, 0.0)


def test_sound_in_which_nothing_fires_has_no_words(copy: Callable[[str], Path]) -> None:
    folder = copy("bicif")
    checkpoints.edit_weights(folder, {"predictor.cif_output.bias": torch.tensor([-20.0])})
    assert Paraformer(folder, "cpu").transcribe(tone(2)) == Transcript("", "", Language.ZH, 0.0)


def test_weights_that_give_no_numbers_are_an_error_and_no_transcript(copy: Callable[[str], Path]) -> None:
    folder = copy("paraformer")
    checkpoints.edit_weights(
        folder, {"decoder.output_layer.bias": torch.full([len(checkpoints.ASR_TOKENS)], torch.nan)}
    )
    with pytest.raises(ModelError, match="finite"):
        Paraformer(folder, "cpu").transcribe(tone(2))


# --- what every voice emotion model promises


def test_an_emotion_model_scores_all_nine_labels_and_gives_its_embedding(emotion: EmotionModel) -> None:
    heard = emotion.listen(tone(3))
    assert set(heard.scores) == set(Emotion)
    assert sum(heard.scores.values()) == pytest.approx(1)
    assert min(heard.scores.values()) > 0
    assert heard.embedding is not None
    assert len(heard.embedding) == 16


def test_an_emotion_model_hears_the_same_in_the_same_sound(emotion: EmotionModel) -> None:
    first = emotion.listen(tone(2))
    emotion.listen(tone(3.9, hz=300))
    assert emotion.listen(tone(2)) == first


def test_an_emotion_model_does_not_mind_how_loud_one_speaks(emotion: EmotionModel) -> None:
    quiet, loud = emotion.listen(0.1 * tone(2)).scores, emotion.listen(tone(2)).scores
    assert quiet == pytest.approx(loud, abs=1e-4)


def test_an_emotion_model_survives_the_shortest_sound(emotion: EmotionModel) -> None:
    assert sum(emotion.listen(tone(1)[:1]).scores.values()) == pytest.approx(1)


def test_a_long_utterance_is_heard_in_equal_windows_and_scored_as_a_whole(emotion: EmotionModel) -> None:
    third, overhang = 166 * 320, 720 - 320  # a frame of this network sees 720 samples, the next begins after 320
    sound = tone(10)[: 3 * third + overhang]
    whole = emotion.listen(sound)
    thirds = [emotion.listen(sound[place * third : (place + 1) * third + overhang]) for place in range(3)]
    assert whole.embedding == pytest.approx(np.mean([third.embedding for third in thirds], axis=0), abs=1e-5)
    masses = np.exp(np.mean([[np.log(third.scores[label]) for label in Emotion] for third in thirds], axis=0))
    assert [whole.scores[label] for label in Emotion] == pytest.approx(masses / masses.sum(), abs=1e-5)


def test_a_long_utterance_needs_no_more_memory_than_a_window(emotion: Emotion2Vec) -> None:
    emotion.listen(tone(60))
    (biases,) = emotion._network.alibi_biases.values()
    assert biases.shape[-1] <= 4 * 50


def test_labels_are_joined_by_name_whatever_their_order(shelf: Path, copy: Callable[[str], Path]) -> None:
    folder = copy("emotion2vec")
    (folder / "tokens.txt").write_text("\n".join(reversed(checkpoints.EMOTION_TOKENS)), encoding="utf-8")
    straight = Emotion2Vec(shelf / "emotion2vec", "cpu", 10).listen(tone(1)).scores
    reverse = Emotion2Vec(folder, "cpu", 10).listen(tone(1)).scores
    assert reverse[Emotion.UNKNOWN] == straight[Emotion.ANGRY]
    assert reverse[Emotion.SURPRISED] == straight[Emotion.DISGUSTED]


def test_an_early_revision_with_five_labels_is_refused(tmp_path: Path) -> None:
    early = ("angry", "unuse_0", "unuse_1", "happy", "neutral", "unuse_2", "sad", "unuse_3", "<unk>")
    folder = checkpoints.emotion2vec(tmp_path / "early", early)
    with pytest.raises(ModelError, match=r"unuse_0.*needed.*surprised.*five labels"):
        Emotion2Vec(folder, "cpu", 10)


def test_a_layer_list_that_is_a_program_is_not_run(copy: Callable[[str], Path], tmp_path: Path) -> None:
    folder = copy("emotion2vec")
    config = folder / "config.yaml"
    harm = f"[__import__('pathlib').Path('{tmp_path}/harm').touch()]"
    text = config.read_text(encoding="utf-8")
    layers = "'[(16, 400, 160)] + [(16, 3, 2)]'"
    assert layers in text
    config.write_text(text.replace(layers, json.dumps(harm)), encoding="utf-8")
    with pytest.raises(ModelError, match="list of numbers"):
        Emotion2Vec(folder, "cpu", 10)
    assert not (tmp_path / "harm").exists()


# --- what every sentiment model promises


def test_a_sentiment_model_scores_the_four_polarities(sentiment: SentimentModel) -> None:
    read = sentiment.read("今天天气真好")
    assert set(read.scores) == set(Polarity)
    assert sum(read.scores.values()) == pytest.approx(1)
    assert read != sentiment.read("我很难过")


def test_a_sentiment_model_reads_as_much_as_it_can_of_a_long_text(sentiment: SentimentModel) -> None:
    assert sentiment.read("今天天气真好" * 100) == sentiment.read("今天天气真好" * 5)


def test_a_label_may_spread_over_several_polarities(shelf: Path, tmp_path: Path) -> None:
    folder = checkpoints.bert(tmp_path / "moods", ("anger", "joy"))
    labels = {"anger": {Polarity.NEGATIVE: 0.5, Polarity.AGITATED: 0.5}, "joy": {Polarity.POSITIVE: 1.0}}
    scores = Bert(folder, "cpu", labels).read("我很难过").scores
    assert scores[Polarity.NEGATIVE] == scores[Polarity.AGITATED] > 0
    assert scores[Polarity.NEUTRAL] == 0
    assert sum(scores.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    "labels",
    [{}, {"正向": {Polarity.POSITIVE: 1.0}}, {**DIRECT, "anger": {Polarity.NEGATIVE: 1.0}}],
    ids=["none", "one", "one too many"],
)
def test_labels_that_are_not_the_models_are_a_mistake_of_the_configuration(
    shelf: Path, labels: dict[str, dict[Polarity, float]]
) -> None:
    with pytest.raises(ConfigError, match=r"the model in .* has 正向, 负向, 中性, 激动"):
        Bert(shelf / "bert", "cpu", labels)


def test_shares_that_do_not_sum_to_one_are_a_mistake_of_the_configuration(shelf: Path) -> None:
    with pytest.raises(ConfigError, match=r"'正向' sum to 0.7"):
        Bert(shelf / "bert", "cpu", {**DIRECT, "正向": {Polarity.POSITIVE: 0.7}})


# --- what is wrong with a checkpoint is said when it is loaded

LOAD: dict[str, Callable[[Path], object]] = {
    "paraformer": lambda folder: Paraformer(folder, "cpu"),
    "bicif": lambda folder: Paraformer(folder, "cpu"),
    "emotion2vec": lambda folder: Emotion2Vec(folder, "cpu", 10),
    "bert": lambda folder: Bert(folder, "cpu", DIRECT),
    "fsmn-vad": lambda folder: FsmnVad(folder, 0.001),
    "ct-punc": lambda folder: CtTransformer(folder, "cpu"),
}


@pytest.mark.parametrize("name", LOAD)
def test_a_model_that_is_not_there_is_named_with_what_works_now(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match=rf"{tmp_path}/nowhere.*mini"):
        LOAD[name](tmp_path / "nowhere")


@pytest.mark.parametrize("file", ["model.pt", "config.yaml", "tokens.json"])
def test_an_incomplete_model_names_the_file_that_is_missing(copy: Callable[[str], Path], file: str) -> None:
    folder = copy("paraformer")
    (folder / file).unlink()
    with pytest.raises(ModelMissingError, match=str(folder / file).replace("tokens.json", "tokens")):
        Paraformer(folder, "cpu")


@pytest.mark.parametrize(
    ("name", "weight"),
    [
        ("paraformer", "predictor.cif_output.weight"),
        ("bicif", "predictor.cif_output2.bias"),
        ("emotion2vec", "proj.weight"),
    ],
)
def test_a_weight_that_is_missing_is_named_and_not_drawn_at_random(
    copy: Callable[[str], Path], name: str, weight: str
) -> None:
    folder = copy(name)
    checkpoints.edit_weights(folder, {weight: None})
    with pytest.raises(ModelError, match=f"{weight} is missing"):
        LOAD[name](folder)


def test_a_weight_of_another_shape_is_named(copy: Callable[[str], Path]) -> None:
    folder = copy("emotion2vec")
    checkpoints.edit_weights(folder, {"proj.weight": torch.zeros(5, 16), "proj.bias": torch.zeros(5)})
    with pytest.raises(ModelError, match=r"proj.weight is \[5, 16\], not \[9, 16\]; proj.bias is \[5\], not \[9\]"):
        LOAD["emotion2vec"](folder)


def test_a_bert_without_its_classifier_is_refused(copy: Callable[[str], Path]) -> None:
    from safetensors.torch import load_file, save_file

    folder = copy("bert")
    weights = load_file(folder / "model.safetensors")
    del weights["classifier.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"classifier\.weight"):
        LOAD["bert"](folder)


def test_a_damaged_weight_file_is_named(copy: Callable[[str], Path]) -> None:
    folder = copy("paraformer")
    (folder / "model.pt").write_bytes(b"half a download")
    with pytest.raises(ModelError, match=r"model\.pt can't be read"):
        Paraformer(folder, "cpu")


def test_a_model_of_the_wrong_kind_is_refused(shelf: Path) -> None:
    with pytest.raises(ModelError, match="'Emotion2vec'; known for this slot: Paraformer, BiCifParaformer"):
        Paraformer(shelf / "emotion2vec", "cpu")


def test_a_checkpoint_without_an_index_is_found_by_its_usual_names(copy: Callable[[str], Path], shelf: Path) -> None:
    folder = copy("paraformer")
    (folder / "configuration.json").unlink()
    heard = Paraformer(folder, "cpu").transcribe(tone(1))
    assert heard == Paraformer(shelf / "paraformer", "cpu").transcribe(tone(1))


def test_a_checkpoint_may_lie_bare_in_its_file(copy: Callable[[str], Path], shelf: Path) -> None:
    folder = copy("paraformer")
    stored = torch.load(folder / "model.pt", weights_only=True)
    torch.save(stored["state_dict"], folder / "model.pt")
    assert Paraformer(folder, "cpu").transcribe(tone(1)) == Paraformer(shelf / "paraformer", "cpu").transcribe(tone(1))


@pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel what is mapped")
def test_weights_are_read_from_the_file_as_they_are_used_and_what_training_left_there_never(shelf: Path) -> None:
    adapter = Emotion2Vec(shelf / "emotion2vec", "cpu", 10)
    mapped = re.findall(r"^(\w+)-(\w+) .*emotion2vec/model\.pt$", Path("/proc/self/maps").read_text("utf-8"), re.M)
    ranges = [range(int(start, 16), int(end, 16)) for start, end in mapped]
    weights = [weight.data_ptr() for weight in adapter._network.parameters()]
    assert weights
    assert all(any(place in range_ for range_ in ranges) for place in weights)


def test_a_normalisation_that_the_index_names_must_be_there(copy: Callable[[str], Path]) -> None:
    folder = copy("paraformer")
    (folder / "am.mvn").unlink()
    with pytest.raises(ModelMissingError, match=r"am\.mvn is missing"):
        Paraformer(folder, "cpu")


def test_half_precision_weights_are_heard_in_full_precision(copy: Callable[[str], Path], shelf: Path) -> None:
    folder = copy("emotion2vec")
    stored = torch.load(folder / "model.pt", weights_only=True)
    torch.save({"model": {name: weight.half() for name, weight in stored["model"].items()}}, folder / "model.pt")
    half = Emotion2Vec(folder, "cpu", 10).listen(tone(1)).scores
    assert half == pytest.approx(Emotion2Vec(shelf / "emotion2vec", "cpu", 10).listen(tone(1)).scores, abs=0.01)


# --- nothing else is touched


@pytest.mark.parametrize("name", LOAD)
def test_loading_and_running_leave_chance_threads_and_logging_alone(name: str, shelf: Path) -> None:
    random.seed(11)
    np.random.seed(11)
    torch.manual_seed(11)
    root = logging.getLogger()
    before = (list(root.handlers), root.level, torch.get_num_threads())
    expected = drawn()
    random.seed(11)
    np.random.seed(11)
    torch.manual_seed(11)
    LOAD[name](shelf / name)
    assert drawn() == expected
    assert (list(root.handlers), root.level, torch.get_num_threads()) == before


def drawn() -> tuple[float, float, float]:
    return random.random(), float(np.random.rand()), float(torch.rand(1))


def test_a_fresh_process_loads_without_a_word_and_without_the_whole_of_funasr(shelf: Path) -> None:
    code = f"""
import logging, sys, torch
from pathlib import Path
from assistant.models.paraformer import Paraformer
from assistant.models.emotion2vec import Emotion2Vec
from assistant.models.bert import Bert
from assistant.models.ct_transformer import CtTransformer
from assistant.models.fsmn_vad import FsmnVad
Paraformer(Path({str(shelf / "paraformer")!r}), "cpu")
Emotion2Vec(Path({str(shelf / "emotion2vec")!r}), "cpu", 10)
Bert(Path({str(shelf / "bert")!r}), "cpu", {{name: {{name: 1.0}} for name in {list(DIRECT)!r}}})
CtTransformer(Path({str(shelf / "ct-punc")!r}), "cpu")
FsmnVad(Path({str(shelf / "fsmn-vad")!r}), 0.001)
assert not logging.getLogger().handlers and logging.getLogger().level == logging.WARNING
assert not {{"modelscope", "sklearn"}} & set(sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_adapters_hear_what_funasr_itself_hears(shelf: Path) -> None:
    code = f"""
import json
import numpy as np
from funasr import AutoModel
from tests.checkpoints import tone
said = {{}}
for name in ("paraformer", "bicif"):
    model = AutoModel(model={str(shelf)!r} + "/" + name, disable_update=True, ncpu=1, frontend_conf={{"dither": 0.0}})
    (said[name],) = model.generate(tone(3), disable_pbar=True, pred_timestamp=True)
model = AutoModel(model={str(shelf / "emotion2vec")!r}, disable_update=True, ncpu=1)
(voice,) = model.generate(tone(3), disable_pbar=True, granularity="utterance", extract_embedding=True)
said["scores"], said["feats"] = voice["scores"], voice["feats"].tolist()
print("#" + json.dumps(said))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("#"))
    funasr = json.loads(line[1:])
    for name in ("paraformer", "bicif"):
        heard = Paraformer(shelf / name, "cpu").transcribe(tone(3))
        assert heard.text == funasr[name]["text"].replace(" ", "")
        starts = np.array([1000 * token.start for token in heard.tokens])
        assert np.abs(starts - [start for start, _ in funasr[name]["timestamp"]]).max() <= 61, "a frame, and rounding"
    voice = Emotion2Vec(shelf / "emotion2vec", "cpu", 10).listen(tone(3))
    assert list(voice.scores.values()) == pytest.approx(funasr["scores"], abs=1e-6)
    assert voice.embedding == pytest.approx(funasr["feats"], abs=1e-5)


# --- devices


def test_auto_takes_the_best_device_there_is() -> None:
    assert str(device.resolve("auto")) == device.available()[0]
    assert device.resolve("cpu") == torch.device("cpu")


def test_a_device_that_is_not_there_names_those_that_are(shelf: Path) -> None:
    with pytest.raises(ConfigError, match=r"'cuda:63' isn't on this machine; known here: auto, .*cpu"):
        Paraformer(shelf / "paraformer", "cuda:63")


def test_threads_can_be_claimed_or_left_to_torch() -> None:
    assert device.claim_threads(2) == torch.get_num_threads() == 2
    assert device.claim_threads(0) == 2
    assert device.claim_threads(1) == torch.get_num_threads() == 1


# --- words


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        ("今 天 好", "今天好"),
        ("hel@@ lo wor@@ ld", "hello world"),
        ("我 用 i@@ phone 手 机", "我用iphone手机"),
        ("看 c c t v 吧", "看CCTV吧"),
        ("hel@@ o k", "helo k"),
        ("i am here", "i am here"),
        ("", ""),
        ("end@@", "end"),
    ],
)
def test_pieces_become_text_as_people_write_it(pieces: str, text: str) -> None:
    assert words.assemble(Token(piece, 0.5) for piece in pieces.split())[0] == text


def test_a_joined_word_has_the_mean_confidence_of_its_parts_and_spans_them() -> None:
    _, (word,) = words.assemble([Token("hel@@", 0.5, 0.1, 0.2), Token("lo", 1.0, 0.2, 0.4)])
    assert word == Token("hello", 0.75, 0.1, 0.4)


@pytest.mark.parametrize(
    ("text", "language"),
    [("", Language.ZH), ("好", Language.ZH), ("hello", Language.EN), ("我用iphone", Language.ZH), ("123", Language.ZH)],
)
def test_the_language_is_that_of_most_words(text: str, language: Language) -> None:
    assert language_of(text) is language


def test_tokens_lie_between_the_frames_that_fire() -> None:
    assert spans([0, 0, 0, 1, 0, 0, 0, 1, 0, 1], 2, 0.06) == [(0.09, 0.33), (0.33, 0.45)]
    assert spans([0, 0, 1] + [0] * 40 + [1], 1, 0.06) == [(0.03, 0.75)]
