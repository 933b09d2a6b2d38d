"""Inference as nnU-Net does it, from channels to a label map: the only place where torch is imported."""

import os

# Large tensors in large pages: a network of many small layers runs a sixth faster, since fewer pages are mapped.
# torch reads this with its first tensor, so it stands here, above every module that imports torch.
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
# A GPU's memory in segments that grow, so that free parts between tensors are no smaller than what is asked for next.
if not {"PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF"} & os.environ.keys():
    os.environ["PYTORCH_CUDA_ALLOC_CONF"] = "expandable_segments:True"
