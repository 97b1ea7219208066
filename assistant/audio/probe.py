"""How long a file says it is, without decoding it."""

from pathlib import Path

from assistant.audio.decode import DEMUXERS


def declared_s(path: Path) -> float | None:
    """Return the seconds of sound that a file declares or FFmpeg estimates from its size; None where neither is there.

    For showing progress, not for limits: it may be wrong. What can't be opened declares nothing.
    """
    import av

    try:
        with av.open(str(path), "r", options={"format_whitelist": DEMUXERS}, metadata_errors="replace") as container:
            for stream in container.streams.audio[:1]:
                if stream.duration and stream.time_base:
                    return float(stream.duration * stream.time_base)
            return container.duration / 1e6 if container.duration else None
    except (av.FFmpegError, OSError, ValueError):
        return None
