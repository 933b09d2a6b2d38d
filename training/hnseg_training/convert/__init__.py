"""One module a challenge: its public layout to an nnU-Net dataset."""
