"""Keeps loading libraries from touching what isn't theirs."""

import contextlib
import logging
import random
import warnings
from collections.abc import Iterator

import numpy as np
import torch


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Give back the root logger and the random generators as they were, and pass over deprecated calls of libraries."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    python, numpy, torch_cpu = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", EncodingWarning)
            yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        random.setstate(python)
        np.random.set_state(numpy)
        torch.set_rng_state(torch_cpu)
