"""Finding of a cohort's cases in whatever layout their files lie: a layout a module."""
