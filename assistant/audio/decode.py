"""What FFmpeg makes of a file: blocks of sound as they were recorded, or an AudioError that says what is wrong."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import numpy.typing as npt

from assistant.errors import AudioError

if TYPE_CHECKING:
    import av
    from av.container import InputContainer

KNOWN = "WAV, MP3, M4A/AAC, FLAC, OGG/Opus and WebM, and the sound of MP4, MOV, MKV and AVI"

DEMUXERS = "aac,aiff,avi,caf,flac,matroska,mov,mp3,ogg,w64,wav"
"""Formats that hold sound themselves: playlists and `concat` would make FFmpeg open other files and addresses."""

_DECLARING = {"flac": 0.001, "mov": 0.2, "matroska": 0.2}
"""Formats whose declared length is a statement, and by how many seconds it may be off; the others guess."""

_EDGE_PACKETS = 2


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A stretch of decoded sound: `samples` float32 [channels, n], full scale = 1, at `rate_hz`."""

    samples: npt.NDArray[np.float32]
    rate_hz: int


def decode(file: BinaryIO, name: str) -> Iterator[Block]:
    """Yield the first sound track of a seekable file, block by block; `name` is for messages.

    Raises AudioError for what isn't sound, and for sound that is damaged or ends before its declared length: what came
    before was yielded by then. Lengths are declared by WAV, FLAC, M4A/MP4, MKV and finished WebM files, so that a cut
    MP3, Ogg or AAC file isn't noticed. A packet or two that can't be decoded at either edge are tags, not sound.
    """
    import av

    declared = _wav_bytes(file)
    try:
        with av.open(file, "r", options={"format_whitelist": DEMUXERS}, metadata_errors="replace") as container:
            yield from _blocks(container, name)
    except (av.FFmpegError, OSError, ValueError) as exc:
        reason = getattr(exc, "strerror", None) or str(exc)
        raise AudioError(f"{name}: not sound that can be read, or damaged ({reason}); known: {KNOWN}") from exc
    size = file.seek(0, io.SEEK_END)
    if declared > size:
        raise AudioError(f"{name}: cut: {size} of {declared} bytes are there; copy or record it again")


def _blocks(container: "InputContainer", name: str) -> Iterator[Block]:
    import av

    stream = _track(container, name)
    seconds, lost = 0.0, 0
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.InvalidDataError:
            lost += 1
            if lost > _EDGE_PACKETS:
                raise AudioError(f"{name}: damaged after {seconds:.2f} s; record or copy it again") from None
            continue
        for frame in frames:
            if lost and seconds:
                raise AudioError(f"{name}: damaged after {seconds:.2f} s; record or copy it again")
            lost = 0
            block = _block(frame, name)
            yield block
            seconds += block.samples.shape[1] / block.rate_hz
    if not seconds:
        raise AudioError(f"{name}: holds no sound: not one sample could be decoded")
    declared, tolerance = _declared_s(container)
    if declared > seconds + tolerance:
        raise AudioError(
            f"{name}: cut or damaged: {seconds:.2f} of {declared:.2f} s are there; copy or record it again"
        )


def _track(container: "InputContainer", name: str) -> "av.AudioStream":
    if not container.streams.audio:
        raise AudioError(f"{name}: holds no sound" + (", only pictures" if container.streams.video else ""))
    stream = container.streams.audio[0]
    # PyAV's types don't say so, but a codec that FFmpeg doesn't know leaves None here.
    codec: av.AudioCodecContext | None = stream.codec_context
    if codec is None:
        raise AudioError(f"{name}: its sound is coded in a way that isn't known here; known: {KNOWN}")
    if codec.name == "flac":
        # Its frames carry checksums, which FFmpeg looks at only when asked, and only then leaves damaged ones out.
        codec.options = {"err_detect": "crccheck+explode"}
    return stream


def _block(frame: "av.AudioFrame", name: str) -> Block:
    if frame.sample_rate <= 0:
        raise AudioError(f"{name}: declares a sample rate of {frame.sample_rate} Hz")
    raw = frame.to_ndarray()
    if not frame.format.is_planar:
        raw = raw.reshape(-1, frame.layout.nb_channels).T
    return Block(_scaled(raw), frame.sample_rate)


def _scaled(raw: npt.NDArray[np.generic]) -> npt.NDArray[np.float32]:
    """Bring samples of any of FFmpeg's types to float32 with full scale 1."""
    with np.errstate(over="ignore"):
        sound: npt.NDArray[np.float32] = raw.astype(np.float32)
    if raw.dtype == np.uint8:
        sound -= 128
        sound /= 128
    elif np.issubdtype(raw.dtype, np.signedinteger):
        sound /= 2.0 ** (8 * raw.dtype.itemsize - 1)
    return sound


def _declared_s(container: "InputContainer") -> tuple[float, float]:
    """Return how many seconds of sound the file says it has, 0 if it doesn't say, and by how many that may be off."""
    stream = container.streams.audio[0]
    for name, tolerance in _DECLARING.items():
        if name not in container.format.name.split(","):
            continue
        if stream.duration and stream.time_base:
            return float(stream.duration * stream.time_base), tolerance
        if container.duration and len(container.streams) == 1:
            return container.duration / 1e6, tolerance
    return 0.0, 0.0


def _wav_bytes(file: BinaryIO) -> int:
    """Return the length a WAV file declares, 0 for any other and for one that was written to a pipe.

    FFmpeg takes the length of the file instead, so that it can't notice that the end is missing.
    """
    file.seek(0)
    header = file.read(12)
    file.seek(0)
    if len(header) < 12 or header[:4] != b"RIFF" or header[8:] != b"WAVE":
        return 0
    size = int.from_bytes(header[4:8], "little")
    return size + 8 if size < 0x7FFF_0000 else 0
