"""Packages that only some commands need."""

from importlib.util import find_spec

from assistant.errors import ConfigError


def require(extra: str, *packages: str) -> None:
    """Raise ConfigError, saying what to install, if one of an extra's packages is not there."""
    if missing := [package for package in packages if find_spec(package) is None]:
        raise ConfigError(f"{', '.join(missing)}: not installed; pip install 'emotion-assistant[{extra}]'")
