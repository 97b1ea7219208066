"""Configuration: layers, where a value comes from, and what a person is told about a mistake."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assistant.apps.cli import app
from assistant.config.files import CONFIGS
from assistant.config.layers import load
from assistant.config.perception import SileroVad, WebRtcVad
from assistant.config.problems import is_secret
from assistant.errors import ConfigError


def told(*sets: str, env: dict[str, str] | None = None, file: Path | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        load(sets=sets, env=env or {}, files=[str(file)] if file else [])
    return str(caught.value)


def test_each_layer_wins_over_the_one_before_and_says_so(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("segmenter: {hangover_s: 0.7, tail_s: 0.12}\nvad: {mode: 1}\n", encoding="utf-8")
    loaded = load(
        files=[str(own)],
        env={"ASSISTANT__VAD__MODE": "3", "ASSISTANT__SEGMENTER__HANGOVER_S": "0.8"},
        sets=["vad.mode=0"],
    )
    assert loaded.config.segmenter.tail_s == 0.12
    assert loaded.config.segmenter.hangover_s == 0.8
    assert isinstance(loaded.config.vad, WebRtcVad)
    assert loaded.config.vad.mode == 0
    assert loaded.sources["segmenter.tail_s"] == str(own)
    assert loaded.sources["segmenter.hangover_s"] == "ASSISTANT__SEGMENTER__HANGOVER_S"
    assert loaded.sources["vad.mode"] == "--set vad.mode"
    assert loaded.sources["asr.model"] == "configs/mini.yaml"
    assert loaded.sources["vad.frame_ms"] == "configs/default.yaml"


def test_of_several_files_the_last_wins_and_one_of_ours_may_be_among_them(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("sentiment: {model: my_bert}\n", encoding="utf-8")
    loaded = load(files=["bundled:configs/sentiment/four-labels.yaml", str(own)], env={})
    assert loaded.config.sentiment.model == "my_bert"
    assert loaded.sources["sentiment.labels.激动.激动"] == "bundled:configs/sentiment/four-labels.yaml"


@pytest.mark.parametrize("preset", sorted((CONFIGS / "sentiment").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_labels_of_a_preset_replace_those_of_the_profile(preset: Path) -> None:
    for profile in ("mini", "full"):
        labels = load(profile, [str(preset)], env={}).config.sentiment.labels
        assert labels == load("mini", [str(preset)], env={}).config.sentiment.labels
        for meaning in labels.values():
            assert sum(meaning.values()) == 1


def test_every_value_has_a_layer() -> None:
    loaded = load(env={})
    assert set(loaded.values) == set(loaded.sources)


def test_another_kind_replaces_the_whole_section() -> None:
    loaded = load(sets=["vad.kind=silero"], env={})
    assert isinstance(loaded.config.vad, SileroVad)
    assert "vad.mode" not in loaded.values


def test_what_the_user_gave_outlives_a_change_of_kind_in_a_later_layer() -> None:
    env = {"ASSISTANT__REPLIER__API_KEY": "k"}
    sets = ["replier.kind=openai", "replier.base_url=http://localhost/v1", "replier.model=m"]
    assert load(sets=sets, env=env).config.replier.api_key == "k"
    assert "unknown key 'vad.mode'" in told("vad.kind=silero", env={"ASSISTANT__VAD__MODE": "3"})


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("vad.modus=3", "--set vad.modus: unknown key 'vad.modus'; did you mean 'mode'?"),
        ("vad.mode=7", "--set vad.mode: 'vad.mode': input should be less than or equal to 3, got 7"),
        ("vad.mode=high", "--set vad.mode: 'vad.mode': input should be a valid integer, got 'high'"),
        ("vad.kind=ten", "--set vad.kind: unknown kind 'ten' in 'vad'; known: 'webrtc', 'silero'"),
        ("segmenter.hangover_s=0.1", "tail_s <= tentative_s <= hangover_s must hold"),
        ("fusion.prior.happy=0.5", "summing to 1"),
        ("language=fr", "--set language: 'language': input should be 'auto', 'zh' or 'en', got 'fr'"),
        ("nonsense", "must read KEY.KEY=VALUE"),
        ("vad.mode=[1", "--set vad.mode"),
    ],
)
def test_a_mistake_is_one_line_with_place_key_and_what_is_allowed(setting: str, sentence: str) -> None:
    message = told(setting)
    assert sentence in message
    assert "\n" not in message


def test_a_mistake_in_a_file_names_the_file(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("quality: {min_rms: 2}\n", encoding="utf-8")
    assert told(file=own).startswith(f"{own}: 'quality.min_rms'")


def test_an_environment_variable_is_named_when_its_key_is_unknown() -> None:
    assert "ASSISTANT__VADD__MODE: unknown key 'vadd'; did you mean 'vad'?" in told(env={"ASSISTANT__VADD__MODE": "1"})


def test_an_unknown_profile_names_the_known_ones() -> None:
    assert "unknown profile 'maxi'; known: full, mini" in told("profile=maxi")


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    assert str(tmp_path / "none.yaml") in told(file=tmp_path / "none.yaml")


def test_default_yaml_names_every_setting_of_the_tree() -> None:
    def leaves(model: dict[str, object], prefix: str = "") -> set[str]:
        found: set[str] = set()
        for key, value in model.items():
            found |= leaves(value, f"{prefix}{key}.") if isinstance(value, dict) and value else {f"{prefix}{key}"}
        return found

    loaded = load(env={})
    assert leaves(json.loads(loaded.config.model_dump_json())) == set(loaded.values)


def test_every_setting_in_default_yaml_has_a_comment_in_its_section() -> None:
    blocks = (CONFIGS / "default.yaml").read_text(encoding="utf-8").split("\n\n")
    for block in blocks:
        if block.strip():
            assert "#" in block, block


def test_config_command_fails_with_exit_code_2_and_no_traceback() -> None:
    result = CliRunner().invoke(app, ["config", "--set", "vad.mode=9"])
    assert isinstance(result.exception, ConfigError)
    assert result.exception.exit_code == 2


def test_config_command_shows_values_with_their_layers() -> None:
    result = CliRunner().invoke(app, ["config", "--json", "--set", "vad.mode=1"])
    rows = {row["key"]: row for row in json.loads(result.stdout)}
    assert rows["vad.mode"] == {"key": "vad.mode", "value": 1, "layer": "--set vad.mode"}


@pytest.mark.parametrize("key", ["llm.api_key", "tts.openai.token", "server.password", "x.client_secret"])
def test_secrets_are_told_by_their_names(key: str) -> None:
    assert is_secret(key)
    assert not is_secret("vad.mode")
