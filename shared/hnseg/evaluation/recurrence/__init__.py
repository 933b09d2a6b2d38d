"""Predicted recurrence volumes: measures of each patient, methods side by side, and curves over thresholds."""
