"""The configuration: strict sections, layered YAML, and what may be tuned while running."""
