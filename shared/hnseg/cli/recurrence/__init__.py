"""Comparison of methods that predict recurrence volumes, for `hnseg score`."""
