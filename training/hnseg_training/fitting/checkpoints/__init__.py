"""Checkpoints of a training: saved so that a file is whole or not there, and chosen to go on from."""
