"""DynUNet as plans describe it; its training and export are tested in tests/training."""

import sys

import pytest
import torch

from hnseg.errors import ModelError
from hnseg.inference.networks.dynunet import build_dynunet

ARGUMENTS = {
    "input_channels": 2,
    "num_classes": 3,
    "features_per_stage": (4, 6, 8),
    "kernel_sizes": ((3, 3, 3),) * 3,
    "strides": ((1, 1, 1), (2, 2, 2), (2, 2, 2)),
}


@pytest.mark.parametrize("normalisation", ["batch", "instance"])
def test_logits_have_the_size_of_the_tile(normalisation):
    pytest.importorskip("monai")
    network = build_dynunet(**ARGUMENTS, normalisation=normalisation).eval()
    assert network(torch.zeros(1, 2, 8, 16, 16)).shape == (1, 3, 8, 16, 16)
    norms = {type(module).__name__ for module in network.modules() if "Norm3d" in type(module).__name__}
    assert norms == {f"{normalisation.capitalize()}Norm3d"}


def test_without_monai_it_is_refused(monkeypatch):
    monkeypatch.setitem(sys.modules, "monai.networks.nets.dynunet", None)
    with pytest.raises(ModelError, match=r"A DynUNet needs MONAI, but it can't be imported"):
        build_dynunet(**ARGUMENTS, normalisation="instance")
