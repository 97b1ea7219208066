"""Proof of what the assistant does. `python -m tests` runs every check: format, lint, types, import contracts, tests."""
