"""How well danger is heard, and what is taken for it: our own lines, half of them frozen. `python -m tests.crisis`."""
