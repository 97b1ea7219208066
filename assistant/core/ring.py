"""The latest sound of a stream, addressed by sample number, forgotten as soon as it isn't needed."""

from collections import deque

import numpy as np

from assistant.types import Samples


class Ring:
    """Holds the frames from `begin` until `end`, counted in samples since the stream began."""

    def __init__(self) -> None:
        self._frames: deque[Samples] = deque()
        self.begin = 0
        self.end = 0

    def append(self, frame: Samples) -> None:
        """Add a frame, float32 [n]; it isn't copied, so nobody may write to it afterwards."""
        self._frames.append(frame)
        self.end += len(frame)

    def slice(self, begin: int, end: int) -> Samples:
        """Return a copy of the samples from `begin` to just before `end`, both within what is held."""
        return np.concatenate(self._frames)[begin - self.begin : end - self.begin].copy()

    def forget(self, before: int) -> None:
        """Let go of the frames that lie wholly before the sample `before`."""
        while self._frames and self.begin + len(self._frames[0]) <= before:
            self.begin += len(self._frames.popleft())
