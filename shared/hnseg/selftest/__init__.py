"""Self-test: what the device is, whether it computes the label maps that it should, and how fast; a row for each."""
