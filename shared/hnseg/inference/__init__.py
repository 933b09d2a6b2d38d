"""Inference as nnU-Net does it, from channels to a label map: the only place where torch is imported."""

import os

# Large tensors in large pages: a network of many small layers runs a sixth faster, since fewer pages are mapped.
# torch reads this with its first tensor, so it stands here, above every module that imports torch.
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
