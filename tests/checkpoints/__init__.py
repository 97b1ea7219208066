"""Checkpoints with random weights, laid out on disk as the hub lays out the real ones; tiny, or of the full size.

`python -m tests.checkpoints FOLDER` writes them all; `shelf.py` says which there are.
"""

from tests.checkpoints.asr import ASR_TOKENS, TOKENS_PER_S, paraformer
from tests.checkpoints.layout import Size, edit_weights
from tests.checkpoints.punctuation import ct_transformer
from tests.checkpoints.shelf import take
from tests.checkpoints.sound import tone
from tests.checkpoints.text import NUMBERED, POLARITIES, bert
from tests.checkpoints.vad import fsmn_vad
from tests.checkpoints.voice import EMOTION_TOKENS, emotion2vec

__all__ = [
    "ASR_TOKENS",
    "EMOTION_TOKENS",
    "NUMBERED",
    "POLARITIES",
    "TOKENS_PER_S",
    "Size",
    "bert",
    "ct_transformer",
    "edit_weights",
    "emotion2vec",
    "fsmn_vad",
    "paraformer",
    "take",
    "tone",
]
