"""Refinement of a segmentation by clicks, with a model that was trained with channels for them."""
