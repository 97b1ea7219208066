"""Any sound file is read right, and whatever can't be is refused with the file's name and the reason."""

import io
import struct
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from assistant.audio.files import read, stream
from assistant.audio.resample import Resampler
from assistant.config.layers import load
from assistant.config.perception import AudioFiles
from assistant.errors import AudioError
from assistant.types import SAMPLE_RATE, Samples

LIMITS = load(env={}).config.audio_files

Sound = npt.NDArray[np.float32]

LAYOUTS = {1: "mono", 2: "stereo", 4: "quad", 6: "5.1"}

KINDS = {
    "wav": ("wav", "pcm_s16le"),
    "wav24": ("wav", "pcm_s24le"),
    "wav8": ("wav", "pcm_u8"),
    "wavfloat": ("wav", "pcm_f32le"),
    "mp3": ("mp3", "libmp3lame"),
    "m4a": ("ipod", "aac"),
    "aac": ("adts", "aac"),
    "flac": ("flac", "flac"),
    "opus": ("ogg", "libopus"),
    "webm": ("webm", "libopus"),
    "mkv": ("matroska", "pcm_s16le"),
}


def limits(**values: float | str) -> AudioFiles:
    return AudioFiles(**(LIMITS.model_dump() | values))


def tone(rate: int, seconds: float, *amplitudes: float, hz: float = 440.0) -> Sound:
    """One row per channel."""
    t = np.arange(round(rate * seconds)) / rate
    return np.stack([(a * np.sin(2 * np.pi * hz * t)).astype(np.float32) for a in amplitudes])


def encoded(sound: Sound, rate: int, kind: str, *, picture: bool = False) -> bytes:
    """A file of `kind` with `sound` [channels, n] in it."""
    container_name, codec = KINDS[kind]
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="matroska" if picture else container_name) as container:
        video = container.add_stream("mpeg4", rate=25, width=32, height=32) if picture else None
        track = container.add_stream(codec, rate=rate)
        layout = LAYOUTS[len(sound)]
        track.codec_context.layout = layout
        track.codec_context.open()
        fit = av.AudioResampler(format=track.codec_context.format, layout=layout, rate=rate)
        size = track.codec_context.frame_size or 1024
        fifo = av.AudioFifo()
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound), format="fltp", layout=layout)
        frame.sample_rate = rate
        frame.pts = 0
        fifo.write(frame)
        while fifo.samples:
            for part in fit.resample(fifo.read(size, partial=True)):
                container.mux(track.encode(part))
        container.mux(track.encode(None))
        if video:
            for _ in range(25):
                container.mux(video.encode(av.VideoFrame(32, 32, "yuv420p")))
            container.mux(video.encode(None))
    return buffer.getvalue()


def wav(samples: npt.NDArray[np.generic], rate: int = SAMPLE_RATE, channels: int = 1) -> bytes:
    """A WAV file written by hand, so that it may hold what no encoder would write."""
    data = samples.tobytes()
    size = samples.dtype.itemsize
    code = 3 if np.issubdtype(samples.dtype, np.floating) else 1
    form = struct.pack("<HHIIHH", code, channels, rate, rate * channels * size, channels * size, 8 * size)
    body = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def heard(data: bytes, allowed: AudioFiles = LIMITS) -> Samples:
    return read(io.BytesIO(data), allowed)


def level(sound: Samples, hz: float) -> float:
    """The amplitude of the tone of `hz` in the middle of `sound`."""
    part = sound[len(sound) // 4 : -len(sound) // 4]
    t = np.arange(len(part)) / SAMPLE_RATE
    window = np.hanning(len(part))
    return float(2 * abs(np.sum(part * window * np.exp(-2j * np.pi * hz * t))) / window.sum())


def refused(data: bytes, words: str, allowed: AudioFiles = LIMITS) -> None:
    with pytest.raises(AudioError, match=words):
        heard(data, allowed)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_is_read(kind: str) -> None:
    sound = heard(encoded(tone(48_000, 2.0, 0.3, 0.3), 48_000, kind))
    assert sound.dtype == np.float32
    assert sound.ndim == 1
    assert len(sound) / SAMPLE_RATE == pytest.approx(2.0, abs=0.05)
    assert level(sound, 440) == pytest.approx(0.3, rel=0.05)


@pytest.mark.parametrize("rate", [8000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 88_200, 96_000])
def test_every_rate_is_read_at_its_length_and_pitch(rate: int) -> None:
    sound = heard(encoded(tone(rate, 1.5, 0.4, hz=1000), rate, "wav"))
    assert len(sound) == pytest.approx(24_000, abs=1)
    assert level(sound, 1000) == pytest.approx(0.4, rel=0.01)
    assert level(sound, 2000) < 0.001


def test_what_is_too_high_for_16_khz_is_left_out_and_not_folded_back() -> None:
    sound = heard(encoded(tone(48_000, 1.0, 0.5, hz=9000), 48_000, "wavfloat"))
    assert level(sound, 7000) < 1e-4
    assert np.abs(sound[2000:-2000]).max() < 1e-3


@pytest.mark.parametrize("channels", [1, 2, 4, 6])
def test_channels_are_averaged(channels: int) -> None:
    amplitudes = [0.6] + [0.0] * (channels - 1)
    sound = heard(encoded(tone(SAMPLE_RATE, 1.0, *amplitudes), SAMPLE_RATE, "wav"))
    assert level(sound, 440) == pytest.approx(0.6 / channels, rel=0.01)


@pytest.mark.parametrize("kind", ["wav", "m4a", "flac"])
def test_one_channel_can_be_chosen(kind: str) -> None:
    data = encoded(tone(48_000, 1.0, 0.1, 0.5), 48_000, kind)
    assert level(heard(data, limits(channel=1)), 440) == pytest.approx(0.5, rel=0.05)
    refused(data, "no channel 2; 0 to 1, or mean", limits(channel=2))


def test_16_bit_samples_at_16_khz_come_through_bit_by_bit() -> None:
    pcm = np.random.default_rng(0).integers(-32768, 32768, 20_000, dtype=np.int16)
    np.testing.assert_array_equal(heard(wav(pcm)), pcm.astype(np.float32) / 32768)


def test_the_sound_of_a_video_is_read() -> None:
    sound = heard(encoded(tone(48_000, 1.0, 0.3), 48_000, "mkv", picture=True))
    assert len(sound) == pytest.approx(16_000, abs=1)


def test_a_stream_in_pieces_is_the_whole_file() -> None:
    data = encoded(tone(44_100, 3.0, 0.3), 44_100, "mp3")
    pieces = list(stream(io.BytesIO(data), LIMITS))
    assert len(pieces) > 20
    np.testing.assert_array_equal(np.concatenate(pieces), heard(data))


def test_resampling_in_pieces_leaves_no_seam() -> None:
    sound = tone(44_100, 1.0, 0.5)[0]
    whole = Resampler(44_100)
    at_once = np.concatenate((whole.push(sound), whole.finish()))
    parts = Resampler(44_100)
    by_and_by = [parts.push(sound[at : at + 333]) for at in range(0, len(sound), 333)]
    np.testing.assert_allclose(np.concatenate([*by_and_by, parts.finish()]), at_once, atol=1e-6)


def test_an_extension_may_lie(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    path.write_bytes(encoded(tone(48_000, 1.0, 0.3), 48_000, "mp3"))
    assert len(read(path, LIMITS)) == pytest.approx(16_000, abs=800)


def test_an_upload_that_cannot_be_rewound_is_read() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    assert len(read(Pipe(encoded(tone(48_000, 1.0, 0.3), 48_000, "m4a")), LIMITS)) > 15_000


def test_float_sound_beyond_full_scale_is_clipped() -> None:
    assert np.abs(heard(wav(np.full(1600, 1.5, np.float32)))).max() == 1.0


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path / "nothing.wav", r"nothing\.wav: no such file"),
        (lambda path: path, "a folder"),
        (lambda path: path / "empty.wav", r"empty\.wav: empty"),
        (lambda path: path / "text.wav", r"text\.wav: not sound that can be read.*known: WAV, MP3"),
        (lambda _: Path("/dev/zero"), "no regular file"),
    ],
    ids=["missing", "folder", "empty", "text", "device"],
)
def test_a_path_that_names_no_sound_is_refused_by_name(
    tmp_path: Path, make: Callable[[Path], Path], words: str
) -> None:
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("hello, this is no sound\n" * 100, encoding="utf-8")
    with pytest.raises(AudioError, match=words):
        read(make(tmp_path), LIMITS)


@pytest.mark.parametrize(
    "data",
    [
        b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nhttp://127.0.0.1:9/secret.ts\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile 'other.wav'\n",
        b"1\n00:00:01,000 --> 00:00:02,000\nsubtitles\n",
        b"<html><body>404 Not Found</body></html>" * 20,
        bytes(10_000),
    ],
    ids=["playlist", "concat", "subtitles", "page", "zeros"],
)
def test_lists_and_texts_are_no_sound(data: bytes) -> None:
    refused(data, "not sound that can be read")


def test_a_header_without_sound_is_refused() -> None:
    refused(wav(np.zeros(0, np.int16)), "not one sample")


def test_a_video_without_sound_is_refused() -> None:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="matroska") as container:
        video = container.add_stream("mpeg4", rate=25, width=32, height=32)
        container.mux(video.encode(av.VideoFrame(32, 32, "yuv420p")))
        container.mux(video.encode(None))
    refused(buffer.getvalue(), "holds no sound, only pictures")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 3e38])
def test_values_that_are_no_sound_are_refused(bad: float) -> None:
    sound = np.zeros(16_000, np.float32)
    sound[9000] = bad
    refused(wav(sound), "no numbers|times full scale")
    refused(wav(np.repeat(sound, 2), channels=2), "no numbers|times full scale")


def test_float_samples_that_were_never_scaled_are_refused() -> None:
    refused(wav(np.full(1600, 20_000, np.float32)), "20000 times full scale")


@pytest.mark.parametrize("kind", ["wav", "flac", "webm", "mkv"])
def test_a_file_that_was_cut_is_refused_after_what_is_there(kind: str) -> None:
    data = encoded(tone(48_000, 4.0, 0.3), 48_000, kind)
    got = 0
    with pytest.raises(AudioError, match="cut"):
        for piece in stream(io.BytesIO(data[: len(data) // 2]), LIMITS):
            got += len(piece)
    assert got / SAMPLE_RATE > 1.0


def test_a_cut_m4a_is_refused() -> None:
    data = encoded(tone(48_000, 2.0, 0.3), 48_000, "m4a")
    refused(data[: len(data) // 2], "damaged")


def test_a_wav_that_was_written_to_a_pipe_is_whole() -> None:
    data = bytearray(wav(np.zeros(16_000, np.int16)))
    data[4:8] = data[40:44] = b"\xff\xff\xff\xff"
    assert len(heard(bytes(data))) == 16_000


@pytest.mark.parametrize(("kind", "size"), [("flac", 4000), ("m4a", 60)])
def test_a_hole_in_the_middle_is_refused(kind: str, size: int) -> None:
    sound = np.random.default_rng(1).normal(0, 0.1, (1, 96_000)).astype(np.float32)
    data = bytearray(encoded(sound, 48_000, kind))
    data[len(data) // 2 : len(data) // 2 + size] = b"\xff" * size
    refused(bytes(data), "damaged")


def test_no_damaged_file_does_worse_than_an_audio_error() -> None:
    random = np.random.default_rng(3)
    for kind in KINDS:
        whole = encoded(tone(48_000, 0.5, 0.3), 48_000, kind)
        for _ in range(10):
            data = bytearray(whole)
            for at in random.integers(0, len(data), 12):
                data[at] = random.integers(256)
            try:
                sound = heard(bytes(data))
            except AudioError:
                continue
            assert np.isfinite(sound).all()
            assert np.abs(sound).max() <= 1


def test_limits_are_kept_while_decoding() -> None:
    bomb = encoded(np.zeros((1, 60 * 48_000), np.float32), 48_000, "flac")
    assert len(bomb) < 50_000
    got = 0
    with pytest.raises(AudioError, match="longer than 10 s"):
        for piece in stream(io.BytesIO(bomb), limits(max_seconds=10.0)):
            got += len(piece)
    assert got / SAMPLE_RATE <= 10


@pytest.mark.parametrize(
    ("allowed", "words"),
    [
        ({"max_bytes": 1000}, "has [0-9]+ bytes; at most 1000"),
        ({"max_rate_hz": 44_100}, "sampled at 48000 Hz; 4000 to 44100"),
        ({"min_rate_hz": 96_000}, "sampled at 48000 Hz"),
        ({"max_channels": 1}, "has 2 channels; at most 1"),
    ],
)
def test_every_limit_names_itself(allowed: dict[str, int], words: str) -> None:
    data = encoded(tone(48_000, 1.0, 0.3, 0.3), 48_000, "wav")
    refused(data, words, limits(**allowed))
    with pytest.raises(AudioError, match=f"audio_files.*{next(iter(allowed))}"):
        heard(data, limits(**allowed))
