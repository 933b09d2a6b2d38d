"""Runs of a case under the platform's limits: facts only, nothing judged."""
