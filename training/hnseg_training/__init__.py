"""Training: from the challenges' public data to the weights that the containers run."""
