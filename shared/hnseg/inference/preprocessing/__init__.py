"""Preprocessing as nnU-Net does it: an image's channels on the network's grid, and the way back."""
