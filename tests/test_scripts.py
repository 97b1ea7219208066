"""A dialogue that expects what there is not is found by check, before anything is played."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from assistant.apps.cli import app
from assistant.apps.scripts import problems
from assistant.config.files import DIALOGUES
from tests.talk import TUNING


def script(tmp_path: Path, expect: str) -> Path:
    path = tmp_path / "talk.yaml"
    path.write_text(
        f"name: talk\nabout: x\nlanguage: zh\nturns: [{{text: 你好, expect: {expect}}}]\n", encoding="utf-8"
    )
    return path


def test_the_bundled_dialogues_expect_what_there_is() -> None:
    assert problems([DIALOGUES], TUNING) == []


@pytest.mark.parametrize(
    ("expect", "complaint"),
    [
        ("{rule: greetings}", "turn 1: expect.rule: no rule 'greetings'; did you mean 'greeting'?"),
        ("{rule: [greeting, zzz]}", f"turn 1: expect.rule: no rule 'zzz'; known: {TUNING.policy.rules[0].id}"),
        ("{service: spa}", "turn 1: expect.service: no service 'spa'; known: human_agent"),
        ("{emotion: other}", "turn 1: expect.emotion: no emotion 'other'; known: angry"),
        ("{voice: sad}", "turn 1: expect.voice, quality: a typed turn has neither"),
        ("{emotion: grumpy}", "'surprised'"),
        ("{feeling: sad}", "unknown key"),
    ],
)
def test_an_expectation_that_no_turn_meets_is_named(tmp_path: Path, expect: str, complaint: str) -> None:
    path = script(tmp_path, expect)
    (problem,) = problems([path], TUNING)
    assert problem.startswith(str(path))
    assert complaint in problem


def test_the_limits_are_rules_too(tmp_path: Path) -> None:
    assert problems([script(tmp_path, "{rule: [clarify-typing, clarify-limit]}")], TUNING) == []


def test_the_command_fails_for_a_dialogue_that_can_not_hold(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["check", str(script(tmp_path, "{rule: greetings}"))])
    assert result.exit_code == 1
    assert "did you mean 'greeting'?" in result.stdout
