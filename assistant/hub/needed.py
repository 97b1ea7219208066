"""Which files of a repository a model needs; the rest isn't fetched."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

_FOLDERS = ("example", "examples", "fig", "figs", "figures", "images", "assets", "runs", "checkpoint-*")
_OTHER_FRAMEWORKS = ("onnx", "onnx_data", "h5", "msgpack", "tflite", "ot", "mlmodel", "gguf")
_MEDIA = ("jpg", "jpeg", "png", "gif", "svg", "webp", "wav", "mp3", "flac", "mp4")
_CODE = ("py", "sh", "ipynb")  # none of a hub's is ever run
_TRAINING = ("training_args.bin", "optimizer.pt", "scheduler.pt", "trainer_state.json", "rng_state*.pth")
_LEFT_OUT = (
    ".*",
    *(f"{folder}/*" for folder in (*_FOLDERS, "onnx", "openvino", "coreml", ".*", "*/.*")),
    *(f"*.{suffix}" for suffix in _OTHER_FRAMEWORKS + _MEDIA + _CODE),
    *_TRAINING,
)
_PICKLED = ("pytorch_model*.bin", "pytorch_model.bin.index.json")


def needed(paths: Sequence[str]) -> list[str]:
    """Return the paths that are fetched; pickled weights only where there are no safetensors."""
    left_out = _LEFT_OUT + (_PICKLED if any(path.endswith(".safetensors") for path in paths) else ())
    return [path for path in paths if not any(fnmatchcase(path.lower(), pattern) for pattern in left_out)]
