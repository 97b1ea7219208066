"""Write checkpoints with random weights: python -m tests.checkpoints FOLDER [--size tiny|full] [--only NAME...]."""

import argparse
import time
from pathlib import Path

from tests.checkpoints.layout import Size
from tests.checkpoints.shelf import SHELF, parameters, size_bytes, take


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.checkpoints", description=__doc__)
    parser.add_argument("folder", type=Path, help="where HUB/OWNER/NAME go; what is there already stays")
    parser.add_argument("--size", type=Size, choices=list(Size), default=Size.FULL)
    parser.add_argument(
        "--only", nargs="+", choices=list(SHELF), default=list(SHELF), metavar="NAME", help=", ".join(SHELF)
    )
    arguments = parser.parse_args()
    total = 0
    for name in arguments.only:
        began = time.monotonic()
        folder = take(arguments.folder, name, arguments.size)
        took, size = time.monotonic() - began, size_bytes(folder)
        total += size
        print(f"{name:15} {parameters(folder) / 1e6:8.2f} M {size / 1e6:8.1f} MB {took:6.1f} s  {folder}", flush=True)
    print(f"{'in all':15} {total / 1e6:19.1f} MB")


if __name__ == "__main__":
    main()
