"""Sizes as people read them."""


def shown(size: float) -> str:
    """Return a number of bytes in decimal units, as disks and hubs count: `1.9 GB`."""
    for unit in ("bytes", "kB", "MB"):
        if size < 999.5:
            return f"{size:.0f} {unit}" if unit != "MB" or size >= 99.5 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
