"""Results of a study: differences from the baseline, tests, outcomes and correlations."""
