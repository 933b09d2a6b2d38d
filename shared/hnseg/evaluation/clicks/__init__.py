"""Simulated users who correct a label map by clicks, and the measures of how it gets better."""
