"""Blinded sheet for graders: random codes instead of names, and a picture of each segmentation."""
