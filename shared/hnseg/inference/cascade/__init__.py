"""Cascade of two stages: the label map of the first is input of the second."""
