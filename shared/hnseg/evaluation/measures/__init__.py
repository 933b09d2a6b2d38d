"""Measures of agreement between a predicted and a reference label map."""
