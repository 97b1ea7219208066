"""Where alerts go: one file per kind of sink."""
