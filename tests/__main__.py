"""Run every check of the project, cheapest first; stop at the first that fails. Arguments go to pytest."""

import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
PYTHON = [sys.executable, "-X", "warn_default_encoding"]
CHECKS = (
    ("format", ["ruff", "format", "--check", "--quiet", "."]),
    ("lint", ["ruff", "check", "--quiet", "."]),
    ("types", ["mypy"]),
    ("imports", ["importlinter"]),
    ("tests", ["pytest", *sys.argv[1:]]),
)


def main() -> int:
    """Return the exit code of the first check that fails, else 0."""
    for name, (module, *arguments) in CHECKS:
        print(f"── {name} ──", flush=True)
        start = LAUNCHERS.get(module, [*PYTHON, "-m", module])
        code = subprocess.run([*start, *arguments], cwd=TOP, check=False).returncode
        if code:
            print(f"{name} failed", file=sys.stderr)
            return code
    return 0


# import-linter has no `-m` entry of its own.
LAUNCHERS = {
    "importlinter": [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
}

if __name__ == "__main__":
    sys.exit(main())
