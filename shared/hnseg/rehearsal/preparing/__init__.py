"""Preparation of a run: the archive of the model unpacked, the list of the inputs written."""
