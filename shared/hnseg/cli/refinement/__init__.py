"""Report of a refinement by clicks, as the command line gives it."""
