"""Evaluation of label maps: overlap and surface distance, each challenge's own score, rankings and tables."""
