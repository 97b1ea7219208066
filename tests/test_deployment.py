"""What may run follows from consent, region and who speaks; the assistant works without reading emotions, too."""

import pytest

from assistant.build import build_engine, build_session, build_tuning
from assistant.config.layers import load
from assistant.errors import ConfigError
from assistant.events import TurnCompleted, TypedText
from assistant.types import Certainty, TurnRecord


def talk(*lines: str, sets: tuple[str, ...]) -> list[TurnRecord]:
    config = load(sets=sets, env={}).config
    inputs = [TypedText(line, float(second)) for second, line in enumerate(lines)]
    with build_engine(config, hearing=False) as engine:
        events = build_session(config, engine, build_tuning(config), "s").run(inputs, patient=True)
        return [event.record for event in events if isinstance(event, TurnCompleted)]


def test_without_consent_no_model_reads_emotions_and_the_assistant_still_works() -> None:
    granted, refused = (
        talk("我考上研究生了特别高兴", "转人工", sets=(f"emotion_consent={consent}",))
        for consent in ("granted", "refused")
    )
    assert granted[0].observation.sentiment is not None
    assert refused[0].observation.sentiment is None
    assert refused[0].affect.certainty is Certainty.INSUFFICIENT
    assert refused[0].decision.rule == "answer"
    assert refused[1].decision.service == "human_agent"


@pytest.mark.parametrize("speakers", ["employees", "pupils"])
def test_in_the_eu_emotion_is_not_read_from_the_voices_of_employees_and_pupils(speakers: str) -> None:
    config = load(sets=["region=eu", f"speakers={speakers}"], env={}).config
    with pytest.raises(ConfigError, match=rf"speakers: {speakers}: .* Article 5\(1\)\(f\).*emotion.kind=none"):
        build_engine(config)


@pytest.mark.parametrize(
    "sets",
    [
        ["region=eu", "speakers=customers"],
        ["region=cn", "speakers=employees"],
        ["region=eu", "speakers=employees", "emotion.kind=none"],
        ["region=eu", "speakers=employees", "emotion_consent=refused"],
    ],
)
def test_elsewhere_and_without_voice_emotion_it_starts(sets: list[str]) -> None:
    off = ["asr.kind=none", "sentiment.kind=none"]
    with build_engine(load(sets=[*sets, *off], env={}).config):
        pass


def test_words_alone_may_be_read_anywhere() -> None:
    (record,) = talk("我考上研究生了特别高兴", sets=("region=eu", "speakers=pupils"))
    assert record.observation.sentiment is not None


@pytest.mark.parametrize(
    ("setting", "allowed"),
    [
        ("service_profile=friend", "'customer_service'"),
        ("region=us", "'other'"),
        ("speakers=students", "'pupils'"),
        ("emotion_consent=maybe", "'refused'"),
    ],
)
def test_a_wrong_word_names_the_right_ones(setting: str, allowed: str) -> None:
    with pytest.raises(ConfigError, match=allowed):
        load(sets=[setting], env={})
