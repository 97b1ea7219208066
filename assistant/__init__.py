"""An emotion-aware voice assistant: it hears how something is said, not only what."""

__version__ = "0.1.0"
