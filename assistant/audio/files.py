"""Sound files of any kind, rate and channel count, read as float32 mono at 16 kHz."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from assistant.audio.decode import Block, decode
from assistant.config.perception import AudioFiles
from assistant.errors import AudioError
from assistant.types import Samples

MAX_VALUE = 16.0
"""Float files may go beyond full scale; so far beyond, they weren't scaled at all."""


def read(source: Path | BinaryIO, limits: AudioFiles) -> Samples:
    """Return a whole file as float32 [n] in [-1, 1], mono, 16 kHz. Raises AudioError, also for one that ends early."""
    return np.concatenate(list(stream(source, limits)))


def stream(source: Path | BinaryIO, limits: AudioFiles) -> Iterator[Samples]:
    """Yield a file, or an open binary one, as float32 [n] in [-1, 1], mono, 16 kHz, in pieces of any length.

    Raises AudioError, naming the file, for what can't be read or is beyond `limits`. What can be decoded is yielded
    (but for the last few milliseconds) before the error about a damaged or missing rest: whoever can use a part has it,
    and nobody mistakes it for the whole. Size is checked first, the other limits on what is decoded, not declared.
    """
    if isinstance(source, Path):
        with _open(source) as file:
            yield from _sound(file, str(source), limits)
    else:
        name = str(getattr(source, "name", "sound"))
        yield from _sound(source if source.seekable() else io.BytesIO(source.read(limits.max_bytes + 1)), name, limits)


def _open(path: Path) -> BinaryIO:
    if path.is_dir():
        raise AudioError(f"{path}: a folder; name one sound file in it")
    if not path.exists():
        raise AudioError(f"{path}: no such file")
    if not path.is_file():
        raise AudioError(f"{path}: no regular file")
    try:
        return path.open("rb")
    except OSError as exc:
        raise AudioError(f"{path}: can't be opened: {exc.strerror}") from exc


def _sound(file: BinaryIO, name: str, limits: AudioFiles) -> Iterator[Samples]:
    from assistant.audio.resample import Resampler

    size = file.seek(0, io.SEEK_END)
    if size == 0:
        raise AudioError(f"{name}: empty, 0 bytes")
    if size > limits.max_bytes:
        raise AudioError(f"{name}: has {size} bytes; at most {limits.max_bytes} are read (audio_files.max_bytes)")
    resampler: Resampler | None = None
    rate, seconds = 0, 0.0
    for block in decode(file, name):
        seconds += block.samples.shape[1] / block.rate_hz
        _check(block, seconds, name, limits)
        if resampler is None or block.rate_hz != rate:
            if resampler:
                yield from _pieces(resampler.finish())
            resampler, rate = Resampler(block.rate_hz), block.rate_hz
        yield from _pieces(resampler.push(_mono(block, seconds, name, limits)))
    if resampler:
        yield from _pieces(resampler.finish())


def _check(block: Block, seconds: float, name: str, limits: AudioFiles) -> None:
    channels, rate = len(block.samples), block.rate_hz
    if not limits.min_rate_hz <= rate <= limits.max_rate_hz:
        allowed = f"{limits.min_rate_hz} to {limits.max_rate_hz} Hz (audio_files.min_rate_hz, max_rate_hz)"
        raise AudioError(f"{name}: sampled at {rate} Hz; {allowed} will do")
    if channels > limits.max_channels:
        raise AudioError(f"{name}: has {channels} channels; at most {limits.max_channels} (audio_files.max_channels)")
    if seconds > limits.max_seconds:
        where = "audio_files.max_seconds; for analyze, analysis.max_seconds"
        raise AudioError(f"{name}: longer than {limits.max_seconds:g} s ({where}); cut it into parts")


def _mono(block: Block, seconds: float, name: str, limits: AudioFiles) -> Samples:
    """Return one channel or the mean of all (FFmpeg's own mixing sums them, 3 dB up and past full scale)."""
    if limits.channel == "mean":
        with np.errstate(over="ignore", invalid="ignore"):
            sound = block.samples.mean(axis=0, dtype=np.float32)
    elif limits.channel < len(block.samples):
        sound = block.samples[limits.channel]
    elif len(block.samples) == 1:
        where = "audio_files.channel; for analyze, --channel left or mix"
        raise AudioError(f"{name}: mono, it has no channel {limits.channel}; 0 or mean will do ({where})")
    else:
        last = len(block.samples) - 1
        raise AudioError(f"{name}: has no channel {limits.channel}; 0 to {last}, or mean (audio_files.channel)")
    peak = float(np.abs(sound).max(initial=0.0))
    if not np.isfinite(peak):
        raise AudioError(f"{name}: holds values that are no numbers (NaN or infinite) before {seconds:.2f} s")
    if peak > MAX_VALUE:
        raise AudioError(f"{name}: reaches {peak:.6g} times full scale before {seconds:.2f} s; scale it to [-1, 1]")
    return np.ascontiguousarray(sound)


def _pieces(sound: Samples) -> Iterator[Samples]:
    if len(sound):
        yield np.clip(sound, -1.0, 1.0)
