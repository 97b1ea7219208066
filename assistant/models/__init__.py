"""Adapters to the models: with training/ the only place that imports ML packages."""
