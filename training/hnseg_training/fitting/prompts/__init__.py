"""Prompts in training: clicks that are simulated on patches, and what a network makes of them."""
