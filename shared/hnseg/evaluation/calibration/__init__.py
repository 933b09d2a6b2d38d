"""Calibration of probabilities: whether what a model is sure of is as often right as it says."""
