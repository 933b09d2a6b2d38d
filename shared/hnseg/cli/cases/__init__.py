"""Runs of many cases from the command line."""
