"""Robustness of a segmentation against images that are bad."""
