"""One folder a challenge: its description, its method, its entry point."""
