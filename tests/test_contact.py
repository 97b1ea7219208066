"""The person whom the speaker has named: told of explicit danger and of nothing else, and only with consent."""

import json
from pathlib import Path

import pytest

from assistant.build import build_dispatcher, build_engine, build_session, build_tuning
from assistant.config.layers import load
from assistant.config.tree import Config
from assistant.errors import ConfigError
from assistant.events import TypedText


def setting(tmp_path: Path, *more: str) -> Config:
    sets = [
        f"alerts.outbox={tmp_path / 'alerts.sqlite'}",
        f"alerts.sinks={{duty: {{kind: jsonl, path: {tmp_path / 'duty.jsonl'}}}}}",
        f"alerts.contact.sink={{kind: jsonl, path: {tmp_path / 'contact.jsonl'}}}",
        "alerts.include_text=true",
        *more,
    ]
    return load(env={}, sets=sets).config


def says(config: Config, *lines: str) -> None:
    dispatcher = build_dispatcher(config)
    dispatcher.start()
    with build_engine(config, hearing=False) as engine:
        session = build_session(config, engine, build_tuning(config), "s")
        for event in session.run([TypedText(line, 10.0 * number) for number, line in enumerate(lines)], patient=True):
            dispatcher.take(event)
    assert dispatcher.close() == 0


def told(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def test_without_consent_nobody_but_the_duty_is_told(tmp_path: Path) -> None:
    says(setting(tmp_path), "我想自杀")
    assert len(told(tmp_path / "duty.jsonl")) == 1
    assert not (tmp_path / "contact.jsonl").exists()


def test_with_consent_explicit_danger_reaches_the_contact_without_a_word_of_what_was_said(tmp_path: Path) -> None:
    says(setting(tmp_path, "alerts.contact.consented=true"), "我不想活了", "我今晚就跳楼")
    duty, contact = told(tmp_path / "duty.jsonl"), told(tmp_path / "contact.jsonl")
    assert [alert["rule"] for alert in duty] == ["crisis-passive", "crisis-explicit"]
    assert [alert["rule"] for alert in contact] == ["crisis-explicit"]
    assert contact[0]["level"] == "urgent"
    assert contact[0]["evidence"] == []
    assert "text" not in contact[0]
    assert duty[1]["text"] == "我今晚就跳楼"


def test_anger_is_no_business_of_the_contact(tmp_path: Path) -> None:
    says(setting(tmp_path, "alerts.contact.consented=true"), *["你们这些骗子气死我了"] * 5)
    assert not (tmp_path / "contact.jsonl").exists()


def test_consent_without_a_way_to_tell_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"alerts\.contact"):
        setting(tmp_path, "alerts.contact.consented=true", "alerts.contact.sink=null")
