"""Plans from before nnU-Net 2.4 give the network that nnU-Net gives them."""

import copy
import warnings

import pytest
from nnunetv2.utilities.plans_handling.plans_handler import ConfigurationManager

from hnseg.inference.model.nnunet_old_plans import architecture_of_old_plans


@pytest.mark.parametrize("name", ["PlainConvUNet", "ResidualEncoderUNet"])
@pytest.mark.parametrize("patch_size", [[64, 64], [16, 64, 64]])
def test_the_architecture_is_what_nnunet_makes_of_old_plans(name, patch_size):
    axes = len(patch_size)
    old = {
        "patch_size": patch_size,
        "UNet_class_name": name,
        "UNet_base_num_features": 32,
        "unet_max_num_features": 100,
        "n_conv_per_stage_encoder": [2, 2, 3],
        "n_conv_per_stage_decoder": [2, 1],
        "num_pool_per_axis": [2] * axes,
        "pool_op_kernel_sizes": [[1] * axes, [2] * axes, [2] * axes],
        "conv_kernel_sizes": [[3] * axes] * 3,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nnU-Net warns of every old plans file
        expected = ConfigurationManager(copy.deepcopy(old)).configuration["architecture"]
    if name == "ResidualEncoderUNet":
        # nnU-Net names a module that its own architecture package no longer has; the class lives in unet.
        assert expected["network_class_name"].endswith("residual_unet.ResidualEncoderUNet")
        expected["network_class_name"] = "dynamic_network_architectures.architectures.unet.ResidualEncoderUNet"
    assert architecture_of_old_plans(old) == expected
