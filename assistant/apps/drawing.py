"""matplotlib, wherever a picture is drawn."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quietly() -> Iterator[None]:
    """Keep matplotlib from telling that it looks through the machine's fonts, which it does when first imported.

    What it finds it writes down without naming an encoding.
    """
    logger = logging.getLogger("matplotlib")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", EncodingWarning)
            yield
    finally:
        logger.setLevel(level)
