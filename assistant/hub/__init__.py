"""Models of the hubs: which are known, where they lie once fetched, how they get there. Bytes only, no ML."""
