"""Pure judgement: numbers and values in, values out; no I/O, no clock, no models."""
