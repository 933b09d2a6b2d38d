"""Rules: methods that make a case's label map without a network, and model folders that hold none."""
