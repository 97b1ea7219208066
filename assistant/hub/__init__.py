"""Models of the hubs: which are known, where they lie once fetched, and how they get there. No ML, no model is loaded."""
