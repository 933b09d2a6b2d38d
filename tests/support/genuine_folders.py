"""Kinds of result folders that nnU-Net's own classes write, or that people make of them."""

from __future__ import annotations

import argparse
import collections
import datetime as dt
import pathlib
import pickle
import types
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from nnunetv2.inference.predict_from_raw_data import recursive_find_trainer_class_by_name

from tests.support.model_folders import change, change_checkpoint
from tests.support.nnunet_oracle import Wanted, write_results
from tests.support.situations import FIVE, REGIONS

Edit = Callable[[Path], object]


@dataclass(frozen=True)
class Kind:
    """Kind of result folder.

    Attributes:
        wanted: Properties of the model that differ from those of most kinds.
        trainer: Name of nnU-Net's trainer.
        plans: Change of the plans' configuration before the training.
        edit: Change of the finished folder.
        folds: Folds that are trained.
        checkpoint: Checkpoint that both are asked for.
        is_known_to_stock: Whether nnU-Net reads the folder after the change; if not, it predicts from it as it was.
    """

    wanted: Mapping[str, Any] = field(default_factory=dict)
    trainer: str = "nnUNetTrainer"
    plans: Callable[[dict[str, Any]], object] = bool
    edit: Edit = bool
    folds: tuple[int | str, ...] = (0, 1)
    checkpoint: str = "final"
    is_known_to_stock: bool = True

    def write(self, root: Path) -> Path:
        """Write the folder as it is before the change, and return it."""
        described = {"labels": FIVE, "channel_names": ["CT"], "patch": (8, 24, 24), "spacing_mm": (3.0, 1.0, 1.0)}
        return write_results(
            Wanted(**{**described, **self.wanted}),
            self.folds,
            root,
            trainer_class=recursive_find_trainer_class_by_name(self.trainer),
            edit_plans=self.plans,
        )


def checkpoints_in(folder: Path) -> list[Path]:
    """Return the final checkpoint of each fold."""
    return sorted(folder.glob("fold_*/checkpoint_final.pth"))


def each(edit: Callable[[dict[str, Any]], object]) -> Edit:
    """Return the change of a folder that changes the content of each checkpoint."""

    def change_all(folder: Path) -> None:
        for path in checkpoints_in(folder):
            change_checkpoint(path, edit)

    return change_all


def weights(change_one: Callable[[torch.Tensor], torch.Tensor]) -> Edit:
    """Return the change of a folder that changes each tensor of the network."""
    return each(
        lambda content: content.update(
            network_weights={name: change_one(tensor) for name, tensor in content["network_weights"].items()}
        )
    )


def names(prefix: str) -> Edit:
    """Return the change of a folder that puts a prefix before the name of each tensor."""
    return each(
        lambda content: content.update(
            network_weights={prefix + name: tensor for name, tensor in content["network_weights"].items()}
        )
    )


def holding(value: object) -> Edit:
    """Return the change of a folder that puts a value into the log and the arguments of the trainer."""

    def put(content: dict[str, Any]) -> None:
        content["logging"]["own"] = [value]
        content["init_args"]["own"] = value

    return each(put)


def renamed(kind: str, *, fold: str = "*") -> Edit:
    """Return the change of a folder that gives checkpoints of some folds another name."""

    def rename(folder: Path) -> None:
        for path in folder.glob(f"fold_{fold}/checkpoint_final.pth"):
            path.rename(path.with_name(f"checkpoint_{kind}.pth"))

    return rename


def old_container(folder: Path) -> None:
    """Save each checkpoint in the container that torch used before 1.6."""
    for path in checkpoints_in(folder):
        torch.save(torch.load(path, weights_only=False), path, _use_new_zipfile_serialization=False)


def saved_by_numpy_1(folder: Path) -> None:
    """Give NumPy's module the name in each checkpoint that it has in NumPy 1."""
    for path in checkpoints_in(folder):
        with zipfile.ZipFile(path) as archive:
            entries = {name: archive.read(name) for name in archive.namelist()}
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            for name, content in entries.items():
                archive.writestr(name, content.replace(b"cnumpy._core.", b"cnumpy.core."))


def old_plans(folder: Path) -> None:
    """Describe the network as nnU-Net did before 2.4."""

    def describe(plans: dict[str, Any]) -> None:
        configuration = plans["configurations"]["3d_fullres"]
        arguments = configuration.pop("architecture")["arch_kwargs"]
        configuration |= {
            "UNet_class_name": "PlainConvUNet",
            "UNet_base_num_features": arguments["features_per_stage"][0],
            "unet_max_num_features": max(arguments["features_per_stage"]),
            "n_conv_per_stage_encoder": arguments["n_conv_per_stage"],
            "n_conv_per_stage_decoder": arguments["n_conv_per_stage_decoder"],
            "num_pool_per_axis": [1, 1, 1],
            "pool_op_kernel_sizes": arguments["strides"],
            "conv_kernel_sizes": arguments["kernel_sizes"],
            "batch_dice": False,
        }

    change(folder / "plans.json", describe)


def arguments(**values: Any) -> Callable[[dict[str, Any]], object]:
    """Return the change of a configuration that changes arguments of its network."""
    return lambda configuration: configuration["architecture"]["arch_kwargs"].update(values)


def bottleneck(configuration: dict[str, Any]) -> None:
    """Let the residual encoder have bottleneck blocks."""
    architecture = configuration["architecture"]
    stages = architecture["arch_kwargs"]["n_stages"]
    block = "dynamic_network_architectures.building_blocks.residual.BottleneckD"
    architecture["arch_kwargs"] |= {"block": block, "bottleneck_channels": [4] * stages}
    architecture["_kw_requires_import"] = [*architecture["_kw_requires_import"], "block"]


def residual(configuration: dict[str, Any]) -> None:
    """Let the decoder be residual, too."""
    configuration["architecture"]["network_class_name"] = (
        "dynamic_network_architectures.architectures.unet.ResidualUNet"
    )


def cubic_logits(configuration: dict[str, Any]) -> None:
    """Let logits be resampled by splines of order 3."""
    configuration["resampling_fn_probabilities_kwargs"]["order"] = 3


def channels_last(tensor: torch.Tensor) -> torch.Tensor:
    """Return a tensor as a training with channels_last_3d, such as `hnseg-train fit` on a processor, saves it."""
    return tensor.contiguous(memory_format=torch.channels_last_3d) if tensor.ndim == 5 else tensor


TRAINERS = (
    "nnUNetTrainer", "nnUNetTrainerNoMirroring", "nnUNetTrainer_onlyMirror01", "nnUNetTrainerDA5", "nnUNetTrainerNoDA",
    "nnUNetTrainer_DASegOrd0", "nnUNetTrainer_noDummy2DDA", "nnUNetTrainerNoDeepSupervision", "nnUNetTrainerCELoss",
    "nnUNetTrainer_probabilisticOversampling", "nnUNetTrainer_250epochs", "nnUNetTrainer_250epochs_NoMirroring",
    "nnUNetTrainerTopk10Loss", "nnUNetTrainerDiceLoss", "nnUNetTrainerAdam", "nnUNetTrainerVanillaAdam",
    "nnUNetTrainerCosAnneal", "nnUNetTrainer_warmup", "nnUNetTrainer_1epoch", "nnUNetTrainerBN",
)  # fmt: skip
VALUES: Mapping[str, object] = {
    "a path": pathlib.PurePosixPath("/results"),
    "an array": np.arange(5.0),
    "a date": dt.datetime(2026, 11, 30),
    "a defaultdict": collections.defaultdict(list, {1: [2]}),
    "a namespace": argparse.Namespace(lr=0.1),
    "a simple namespace": types.SimpleNamespace(lr=0.1),
    "numbers and text of NumPy": [np.uint16(3), np.str_("x"), np.bool_(True), np.datetime64("2026-11-30")],
    "a device": torch.device("cuda:0"),
    "a set and a complex number": [{1, 2}, 1j],
    "a class": pickle.PicklingError,
}
KINDS: Mapping[str, Kind] = {
    **{f"trained by {name}": Kind(trainer=name) for name in TRAINERS},
    **{f"holding {name}": Kind(edit=holding(value)) for name, value in VALUES.items()},
    "batch norm of a 2-D network": Kind({"configuration": "2d"}, trainer="nnUNetTrainerBN"),
    "a trainer that is not installed": Kind(edit=each(lambda c: c.update(trainer_name="My")), is_known_to_stock=False),
    "without the trainer's name": Kind(edit=each(lambda c: c.pop("trainer_name")), is_known_to_stock=False),
    "without mirroring axes": Kind(edit=each(lambda c: c.pop("inference_allowed_mirroring_axes"))),
    "half precision": Kind(edit=weights(torch.Tensor.half)),
    "bfloat16": Kind(edit=weights(torch.Tensor.bfloat16)),
    "parameters": Kind(edit=weights(torch.nn.Parameter)),
    "channels last": Kind(edit=weights(channels_last)),
    "compiled": Kind(edit=names("_orig_mod."), is_known_to_stock=False),
    "parallel": Kind(edit=names("module."), is_known_to_stock=False),
    "parallel and compiled": Kind(edit=names("module._orig_mod."), is_known_to_stock=False),
    "compiled and parallel": Kind(edit=names("_orig_mod.module."), is_known_to_stock=False),
    "before torch 1.6": Kind(edit=old_container),
    "saved by NumPy 1": Kind(edit=saved_by_numpy_1),
    "the best checkpoint alone": Kind(edit=renamed("best"), is_known_to_stock=False),
    "one fold without its final checkpoint": Kind(edit=renamed("best", fold="1"), is_known_to_stock=False),
    "the best checkpoint, asked for": Kind(edit=renamed("best"), checkpoint="best"),
    "the latest checkpoint, asked for": Kind(edit=renamed("latest"), checkpoint="latest"),
    "trained on all cases": Kind(folds=("all",)),
    "plans of before 2.4": Kind(edit=old_plans),
    "residual encoder": Kind({"planner": "resenc"}),
    "residual encoder and decoder": Kind({"planner": "resenc"}, plans=residual),
    "bottleneck blocks": Kind({"planner": "resenc"}, plans=bottleneck),
    "2-D": Kind({"configuration": "2d"}),
    "low resolution": Kind({"patch": (16, 48, 48), "configuration": "3d_lowres", "largest_patch": 1e4}),
    "batch norm in the plans": Kind(
        plans=arguments(norm_op="torch.nn.modules.batchnorm.BatchNorm3d", norm_op_kwargs={"eps": 1e-5, "affine": True})
    ),
    "dropout": Kind({"dropout": 0.2}),
    "GELU": Kind(plans=arguments(nonlin="torch.nn.GELU", nonlin_kwargs=None)),
    "no resampling": Kind({"planner": "unresampled"}),
    "resampling by torch": Kind({"planner": "torch"}),
    "logits by cubic splines": Kind(plans=cubic_logits),
    "regions": Kind({"labels": REGIONS, "regions_class_order": (1, 2, 3)}),
    "an ignore label": Kind({"labels": {**FIVE, "ignore": 5}}),
    "regions and an ignore label": Kind({"labels": {**REGIONS, "ignore": 4}, "regions_class_order": (1, 2, 3)}),
    "rescaled to 0 to 1, and as it is": Kind({"channel_names": ["rescale_to_0_1", "noNorm"]}),
    "colours": Kind({"channel_names": ["rgb_to_0_1"] * 3}),
    "normalised inside a mask": Kind({"channel_names": ["T1"], "cropped_to": 0.5}),
    "transposed": Kind({"patch": (24, 24, 8), "spacing_mm": (1.0, 1.0, 3.0)}),
}
