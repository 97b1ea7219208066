"""What is kept: the journal of turns, labels given to them, and alerts with who was told."""
