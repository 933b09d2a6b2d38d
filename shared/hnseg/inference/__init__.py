"""From channels to a label map, as nnU-Net does it: the only place where torch is imported."""
