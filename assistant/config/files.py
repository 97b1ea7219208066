"""Where the files that travel with the program lie: in a checkout at the top level, in a wheel inside the package."""

from pathlib import Path

from assistant.errors import ConfigError

BUNDLED = "bundled:"
_PACKAGE = Path(__file__).resolve().parent.parent
_TOP = _PACKAGE.parent


def _root(in_checkout: Path, in_wheel: Path) -> Path:
    return in_wheel if in_wheel.is_dir() else in_checkout


CONFIGS = _root(_TOP / "configs", _PACKAGE / "bundled" / "configs")
PROMPTS = _root(_TOP / "prompts", _PACKAGE / "bundled" / "prompts")
DIALOGUES = _root(_TOP / "tests" / "dialogues", _PACKAGE / "bundled" / "dialogues")
CHECKPOINTS = _PACKAGE / "checkpoints"
FONTS = _PACKAGE / "fonts"
CALIBRATION = _PACKAGE / "calibration"

_ROOTS = {
    "configs": CONFIGS,
    "prompts": PROMPTS,
    "dialogues": DIALOGUES,
    "checkpoints": CHECKPOINTS,
    "calibration": CALIBRATION,
}


def locate(reference: str) -> Path:
    """Return the path that a setting names: `bundled:ROOT/REST` is a file of the program, else a path of the user's.

    Raises ConfigError for an unknown root. Whether the path exists is the caller's to check.
    """
    if not reference.startswith(BUNDLED):
        return Path(reference).expanduser()
    root, _, rest = reference.removeprefix(BUNDLED).partition("/")
    if root not in _ROOTS:
        raise ConfigError(f"{reference}: unknown bundled folder '{root}'; known: {', '.join(_ROOTS)}")
    return _ROOTS[root] / rest
