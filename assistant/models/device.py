"""Where models run and with how many threads: the only place that asks torch about the machine."""

import torch

from assistant.errors import ConfigError


def resolve(device: str) -> torch.device:
    """Return the torch device for `auto`, `cpu`, `mps`, `cuda` or `cuda:n`; `auto` takes CUDA, then MPS, then the CPU.

    Raises ConfigError, naming what this machine has, if the device isn't there.
    """
    present = available()
    if device == "auto":
        return torch.device(present[0])
    if device == "cuda" and "cuda:0" in present:
        return torch.device("cuda:0")
    if device not in present:
        raise ConfigError(f"device '{device}' isn't on this machine; known here: auto, {', '.join(present)}")
    return torch.device(device)


def available() -> tuple[str, ...]:
    """Return the devices of this machine, best first; the CPU is always the last."""
    cuda = [f"cuda:{n}" for n in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    mps = ["mps"] if torch.backends.mps.is_available() else []
    return (*cuda, *mps, "cpu")


def claim_threads(threads: int) -> int:
    """Set how many threads torch may use within one operation, 0 = its own choice (physical cores); return how many.

    Call it once, before the first worker starts: torch hands the number on to threads begun later. The adapters never
    touch it; they call the networks themselves because FunASR's `generate` sets it anew, to 4, at every call.
    """
    if threads > 0:
        torch.set_num_threads(threads)
    return torch.get_num_threads()
