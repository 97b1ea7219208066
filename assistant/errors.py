"""Every error of the assistant on one page.

The message says what was wrong, where, and what is allowed or to be done.
"""


class AssistantError(Exception):
    """Root of all errors that a person can cause or mend; the command line shows its message alone."""

    exit_code = 1


class ConfigError(AssistantError):
    """A setting, a policy or a prompt is wrong: names the file, the key and what is allowed."""

    exit_code = 2


class AudioError(AssistantError):
    """Sound that can't be read or used: names the file, what is wrong with it and what would do."""

    exit_code = 2


class ScriptError(AssistantError):
    """A dialogue script, a text file or a journal that can't be played: names the file and the line or turn."""

    exit_code = 2


class OutputError(AssistantError):
    """Results that can't be written: names the place, what is wrong with it and what would do."""

    exit_code = 2


class ModelMissingError(AssistantError):
    """A checkpoint isn't where the configuration says: names the path and the profile that works now."""

    exit_code = 3


class ModelError(AssistantError):
    """A model couldn't be loaded or has failed on one input; the engine turns the latter into a StageError."""

    exit_code = 3

    def __init__(self, stage: str, message: str) -> None:
        super().__init__(f"{stage}: {message}")
        self.stage = stage
        self.message = message


class FetchError(AssistantError):
    """A model that couldn't be fetched, checked, packed or unpacked: says why, and what to do."""

    exit_code = 4


class UnreachableError(FetchError):
    """A hub can't be reached, or the connection broke; another try goes on where this one ended."""


class AlertError(AssistantError):
    """An alert that can't be kept, found, acknowledged or sent again: names it or the outbox, and what would do."""

    exit_code = 5


class DeliveryError(AssistantError):
    """One attempt to bring an alert to a sink that failed; it stays in the outbox and is tried again."""

    exit_code = 5
