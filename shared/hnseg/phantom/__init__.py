"""Synthetic head-and-neck anatomy and its images: cases whose truth is known."""
