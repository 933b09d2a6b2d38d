"""From an image's channels to the network's grid, as nnU-Net does it, and the way back."""
