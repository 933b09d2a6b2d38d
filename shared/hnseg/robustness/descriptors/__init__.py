"""Descriptors of a reference structure and its images, as they were published and as they are meant."""
