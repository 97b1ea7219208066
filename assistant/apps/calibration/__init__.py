"""The report of a calibration: its pictures, its page, its table."""
