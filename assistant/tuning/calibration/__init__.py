"""Calibration: settings of fusion fitted to labelled turns, and what that is worth on speakers it never met."""
