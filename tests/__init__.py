"""Proof of what the assistant does: `python -m tests` runs format, lint, types, import contracts and tests."""
