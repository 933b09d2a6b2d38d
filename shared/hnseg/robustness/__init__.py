"""Robustness of a model: how its segmentations change where images are bad, and how they are graded."""
