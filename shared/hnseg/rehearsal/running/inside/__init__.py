"""Programs that run inside a rehearsed container, by its own Python; see their headers."""
