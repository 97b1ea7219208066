"""No model ever hears anything but float32 mono sound near [-1, 1]."""

import numpy as np
import numpy.typing as npt
import pytest

from assistant.errors import ModelError
from assistant.models.guard import MIN_SAMPLES, checked
from assistant.types import Stage


def test_sound_passes_unchanged() -> None:
    sound = np.linspace(-1.2, 1.2, 16_000, dtype=np.float32)
    np.testing.assert_array_equal(checked(sound, Stage.ASR), sound)


def test_a_view_with_gaps_comes_out_contiguous() -> None:
    sound = np.linspace(-1, 1, 16_000, dtype=np.float32)[::2]
    assert checked(sound, Stage.ASR).flags.c_contiguous
    np.testing.assert_array_equal(checked(sound, Stage.ASR), sound)


def test_a_click_is_filled_up_with_silence() -> None:
    sound = checked(np.full(10, 0.5, np.float32), Stage.EMOTION)
    assert (len(sound), sound.dtype, float(sound.sum())) == (MIN_SAMPLES, np.float32, 5.0)


@pytest.mark.parametrize(
    ("sound", "words"),
    [
        (np.zeros(16_000, np.int16), "int16.*divide by 32768"),
        (np.zeros(16_000, np.float64), "float64"),
        (np.full(16_000, 3000, np.float32), "reaches 3000.*divide by 32768"),
        (np.full(16_000, np.nan, np.float32), "NaN"),
        (np.array([0.0] * 5000 + [np.inf], np.float32), "infinite"),
        (np.zeros((2, 16_000), np.float32), r"\[2, 16000\].*mono"),
        (np.zeros(0, np.float32), "0 samples"),
    ],
)
def test_everything_else_is_refused_and_the_message_says_what_would_do(
    sound: npt.NDArray[np.float32], words: str
) -> None:
    with pytest.raises(ModelError, match=words) as refused:
        checked(sound, Stage.EMOTION)
    assert refused.value.stage is Stage.EMOTION
