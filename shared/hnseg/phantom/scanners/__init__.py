"""Synthetic scanners: CT, MR and PET images of a phantom body, with their grids and noise."""
