"""Soak tests: what must hold however often it is tried."""
