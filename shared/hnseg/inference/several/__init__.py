"""Several models on one image: one after another, and the mean of their probabilities."""
