"""Replay as a test tool: scripts are played, judged and reported."""
