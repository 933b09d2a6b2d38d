"""Cohort: one loop over many cases, on one machine or a cluster, whose state is in files."""
