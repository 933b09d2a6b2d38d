"""Members of an ensemble beyond its folds: Monte Carlo dropout passes, and test-time copies of the image."""
