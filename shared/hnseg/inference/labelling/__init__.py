"""Labelling: the label map on the image's grid, made of logits on the network's."""
