"""From logits on the network's grid to a label map on the image's."""
