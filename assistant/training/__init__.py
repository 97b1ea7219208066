"""How the bundled mini checkpoints are made: corpus, synthetic speech, one trainer per model."""
