"""Where a key stands in a YAML text."""

from collections.abc import Sequence

import yaml


def line_of(text: str, keys: Sequence[str]) -> int:
    """Return the line, from 1, of the value that `keys` lead to, as far as they are there; list places are numbers.

    `text` must be YAML that can be parsed.
    """
    node = yaml.compose(text, yaml.SafeLoader)
    line = 0
    for key in keys:
        found = _step(node, key)
        if found is None:
            break
        line, node = found
    return line + 1


def _step(node: yaml.Node | None, key: str) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((name.start_mark.line, value) for name, value in node.value if name.value == key), None)
    if isinstance(node, yaml.SequenceNode) and key.isdecimal() and int(key) < len(node.value):
        value = node.value[int(key)]
        return value.start_mark.line, value
    return None
