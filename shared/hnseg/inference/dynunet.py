"""Name of MONAI's DynUNet in the plans of bundles and trainings, which nnU-Net looks up too and which stays."""

from hnseg.inference.networks.dynunet import build_dynunet

__all__ = ["build_dynunet"]
