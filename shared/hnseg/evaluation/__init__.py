"""Scores: overlap, and each challenge's own evaluation."""
