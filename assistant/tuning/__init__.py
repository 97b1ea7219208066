"""Tuning over what was recorded: decisions compared and explained, calibration fitted; pure, no file is opened here."""
