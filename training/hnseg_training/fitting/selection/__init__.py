"""Selection of the best epoch of a training, and of the best of several, by whole validation cases."""
