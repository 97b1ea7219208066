"""Recordings: heard whole, told apart into utterances, written down as data and pictures."""
