"""Progress of long work: how far it is, and about how long it will still take."""
