"""espeak-ng 1.52 in this process: Mandarin text in, a 22 050 Hz waveform out.

Debian's 1.51 spells Mandarin pinyin in English; the library that ``espeakng_loader`` bundles reads it right.
espeak-ng is GPL-3: it is used here, to make training data, and is never part of the running assistant.
"""

import ctypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 22_050

_PLAYBACK_SYNCHRONOUS, _CHARS_UTF8, _PHONEMES_IPA = 2, 1, 2
_RATE, _VOLUME, _PITCH, _RANGE = 1, 2, 3, 4
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


@dataclass(frozen=True, slots=True)
class Prosody:
    """What espeak-ng itself can vary. ``range`` is the depth of the lexical tones: below 25 they are gone."""

    rate_wpm: float = 175.0
    pitch: float = 50.0
    range: float = 50.0


def synthesise(text: str, variant: str, prosody: Prosody) -> NDArray[np.float32]:
    """Speak Mandarin text with a variant of the voice ``cmn``; mono float32 at ``RATE_HZ``.

    Lengths differ by a sample or so between calls, because the library keeps generator state.
    Raises ValueError for a variant that espeak-ng does not know.
    """
    engine = _engine()
    if variant not in engine.variants:  # the library itself would quietly take its default voice
        raise ValueError(f"espeak-ng knows no voice variant {variant!r}")
    engine.library.espeak_SetVoiceByName(f"cmn+{variant}".encode())
    settings = ((_RATE, prosody.rate_wpm), (_VOLUME, 100.0), (_PITCH, prosody.pitch), (_RANGE, prosody.range))
    for parameter, value in settings:  # after the voice: a voice change resets them
        engine.library.espeak_SetParameter(parameter, round(value), 0)
    engine.blocks.clear()
    encoded = text.encode() + b"\0"
    engine.library.espeak_Synth(encoded, len(encoded), 0, 1, 0, _CHARS_UTF8, None, None)
    engine.library.espeak_Synchronize()
    if not engine.blocks:
        return np.zeros(0, np.float32)
    return np.concatenate(engine.blocks).astype(np.float32) / 32768.0


def phonemes(text: str) -> str:
    """Return the IPA that espeak-ng reads a Mandarin text as (proves that the voice data are sound)."""
    library = _engine().library
    library.espeak_SetVoiceByName(b"cmn")
    remaining = ctypes.c_char_p(text.encode())
    parts: list[str] = []
    while remaining.value:
        spoken: bytes | None = library.espeak_TextToPhonemes(ctypes.byref(remaining), _CHARS_UTF8, _PHONEMES_IPA)
        parts.append((spoken or b"").decode())
    return " ".join(parts)


@dataclass(frozen=True, slots=True)
class _Engine:
    library: ctypes.CDLL
    variants: frozenset[str]
    blocks: list[NDArray[np.int16]]
    callback: object  # the library holds a bare pointer to it: it must not be collected


@cache
def _engine() -> _Engine:
    import espeakng_loader

    library = ctypes.CDLL(espeakng_loader.get_library_path())
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    data = Path(espeakng_loader.get_data_path())
    if library.espeak_Initialize(_PLAYBACK_SYNCHRONOUS, 0, str(data).encode(), 0) < 0:
        raise RuntimeError(f"espeak-ng finds no voice data in {data}")
    variants = frozenset(path.name for path in (data / "voices" / "!v").iterdir())
    blocks: list[NDArray[np.int16]] = []

    def collect(samples: "ctypes._Pointer[ctypes.c_short]", count: int, _events: int | None) -> int:
        if samples and count > 0:
            blocks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0

    callback = _CALLBACK(collect)
    library.espeak_SetSynthCallback(callback)
    return _Engine(library, variants, blocks, callback)
