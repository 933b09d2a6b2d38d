"""Checkpoints of nnU-Net: those that a result folder holds, and their content, read without running any of it."""
