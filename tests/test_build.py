"""From the configuration to living parts."""

from assistant.build import build_engine
from assistant.config.layers import load


def test_whoever_starts_the_engine_is_told_which_models_were_loaded() -> None:
    told: list[str] = []
    with build_engine(load("mini", env={}).config, told=told.append):
        pass
    assert told == [
        "Paraformer: 1453 tokens, 4.32 M parameters",
        "Emotion2vec: 1 + 2 layers, width 112, 0.547 M parameters",
        "Bert: 4 labels, 0.345 M parameters",
    ]
