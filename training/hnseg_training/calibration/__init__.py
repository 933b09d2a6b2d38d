"""Calibration of a bundle on the validation cases of its folds, and the report of it."""
