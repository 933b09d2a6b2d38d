"""Grades that clinicians give to segmentations: a blinded sheet for them, and their agreement."""
