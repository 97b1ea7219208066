"""The command line and what it shows: I/O only, thin."""
