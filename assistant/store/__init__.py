"""What is kept: the journal of turns."""
