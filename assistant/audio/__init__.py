"""Sound in and out: decoding and resampling of files."""
