"""Oracle of inference: nnU-Net's own planners, trainer and predictor, to compare with."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import SimpleITK as sitk
import torch
from nnunetv2.experiment_planning.experiment_planners.default_experiment_planner import ExperimentPlanner
from nnunetv2.experiment_planning.experiment_planners.resampling.planners_no_resampling import (
    nnUNetPlannerResEncL_noResampling,
)
from nnunetv2.experiment_planning.experiment_planners.resampling.resample_with_torch import (
    nnUNetPlannerResEncL_torchres_sepz,
)
from nnunetv2.experiment_planning.experiment_planners.residual_unets.residual_encoder_unet_planners import (
    ResEncUNetPlanner,
)
from nnunetv2.inference import predict_from_raw_data
from nnunetv2.inference.data_iterators import PreprocessAdapterFromNpy
from nnunetv2.inference.export_prediction import convert_predicted_logits_to_segmentation_with_correct_shape
from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer
from safetensors.torch import save_file

from hnseg.imaging.files.checksum import sha256_of
from hnseg.inference.model.manifest import Manifest, weights_file

NAME = "Dataset001_Test"
PLANNERS = {
    "plain": ExperimentPlanner,
    "resenc": ResEncUNetPlanner,
    "torch": nnUNetPlannerResEncL_torchres_sepz,
    "unresampled": nnUNetPlannerResEncL_noResampling,
}


@dataclass(frozen=True)
class Wanted:
    """Properties of a model to be made; `spacing_mm` and `patch` are (z, y, x) of the training images."""

    labels: Mapping[str, Any]
    channel_names: Sequence[str]
    patch: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    configuration: str = "3d_fullres"
    planner: str = "plain"
    regions_class_order: Sequence[int] | None = None
    cropped_to: float = 1.0
    largest_patch: float = float("inf")
    reader: str = "SimpleITKIO"
    prompts: Mapping[str, Any] | None = None
    """Key `prompts` of `dataset.json`; the last channels are those of clicks then."""
    dropout: float = 0.0


def write_results(
    wanted: Wanted,
    folds: Sequence[int | str],
    root: Path,
    *,
    trainer_class: type[nnUNetTrainer] = nnUNetTrainer,
    edit_plans: Callable[[dict[str, Any]], object] = bool,
) -> Path:
    """Plan with nnU-Net's planner, save checkpoints of its untrained trainer, and return the result folder.

    Args:
        wanted: Properties of the model.
        folds: Folds to save.
        root: Folder that receives nnU-Net's folders.
        trainer_class: Trainer whose checkpoints are saved.
        edit_plans: Change of the plans' configuration, in place, before anything is trained with it.
    """
    variables = {f"nnUNet_{kind}": str(root / kind) for kind in ("raw", "preprocessed", "results")}
    with patch.dict(os.environ, variables | {"nnUNet_n_proc_DA": "1"}):  # a training may have left 0, which is refused
        plans = _plan(wanted, root)
        edit_plans(plans["configurations"][wanted.configuration])
        for fold in folds:
            trainer = _save_checkpoint(plans, wanted.configuration, fold, root, trainer_class)
    folder = Path(trainer.output_folder_base)
    shutil.copyfile(root / "preprocessed" / NAME / "dataset.json", folder / "dataset.json")
    (folder / "plans.json").write_text(json.dumps(plans))
    return folder


def write_cascade(
    wanted: Wanted, folds: Sequence[int | str], root: Path, *, first_folds: Sequence[int | str] = (0,)
) -> Path:
    """Write both stages of a cascade side by side, as nnU-Net does, and return the second one's result folder."""
    write_results(replace(wanted, configuration="3d_lowres"), first_folds, root)
    return write_results(replace(wanted, configuration="3d_cascade_fullres"), folds, root)


def write_bundle(results: Path, output: Path, configuration: str = "3d_fullres") -> Path:
    """Write the same model as an exported bundle."""
    output.mkdir(parents=True)
    for name in ("plans.json", "dataset.json"):
        shutil.copyfile(results / name, output / name)
    folds = sorted(int(path.name[5:]) for path in results.glob("fold_*"))
    for fold in folds:
        checkpoint = torch.load(results / f"fold_{fold}" / "checkpoint_final.pth", weights_only=False)
        once = {tensor.data_ptr(): (name, tensor) for name, tensor in reversed(checkpoint["network_weights"].items())}
        save_file(dict(once.values()), output / weights_file(fold))
    manifest = Manifest(
        name="random",
        version="0",
        licence="CC0-1.0",
        training_data="none",
        configuration=configuration,
        mirroring_axes=checkpoint["inference_allowed_mirroring_axes"],
        folds=tuple(folds),
        sha256={path.name: sha256_of(path) for path in output.iterdir()},
    )
    (output / "manifest.json").write_text(manifest.model_dump_json())
    return output


@dataclass(frozen=True)
class Oracle:
    """nnU-Net's predictor on one model folder."""

    predictor: nnUNetPredictor

    @classmethod
    def of(
        cls,
        folder: Path,
        folds: Sequence[int | str],
        *,
        mirroring: bool,
        step: float = 0.5,
        checkpoint: str = "checkpoint_final.pth",
    ) -> Oracle:
        predictor = nnUNetPredictor(
            tile_step_size=step,
            use_mirroring=mirroring,
            perform_everything_on_device=False,
            device=torch.device("cpu"),
            allow_tqdm=False,
        )
        predictor.initialize_from_trained_model_folder(str(folder), folds, checkpoint)
        return cls(predictor)

    def preprocess(
        self, array: np.ndarray, spacing_mm: Sequence[float], previous: np.ndarray | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Return the network's input, and the properties needed to bring logits back to the image.

        `previous` is the label map (z, y, x) of a cascade's first stage.
        """
        p = self.predictor
        given = None if previous is None else previous[None].astype(np.float32)
        adapter = PreprocessAdapterFromNpy(
            [array],
            [given],
            [{"spacing": list(spacing_mm)}],
            [None],
            p.plans_manager,
            p.dataset_json,
            p.configuration_manager,
            num_threads_in_multithreaded=1,
            verbose=False,
        )
        preprocessed = next(adapter)
        return preprocessed["data"].numpy(), preprocessed["data_properties"]

    def predict(
        self, array: np.ndarray, spacing_mm: Sequence[float], previous: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the label map, and the logits (k, ...) in their place in the transposed image, zero where cropped."""
        p = self.predictor
        data, properties = self.preprocess(array, spacing_mm, previous)
        logits = p.predict_logits_from_preprocessed_data(torch.from_numpy(data)).cpu()
        label_map = convert_predicted_logits_to_segmentation_with_correct_shape(
            logits, p.plans_manager, p.configuration_manager, p.label_manager, properties
        )
        transposed = [properties["spacing"][axis] for axis in p.plans_manager.transpose_forward]
        spacing = [*transposed[: 3 - len(p.configuration_manager.spacing)], *p.configuration_manager.spacing]
        resized = p.configuration_manager.resampling_fn_probabilities(
            logits, properties["shape_after_cropping_and_before_resampling"], spacing, transposed
        )
        full = np.zeros((len(resized), *properties["shape_before_cropping"]), np.float32)
        box = tuple(slice(*pair) for pair in properties["bbox_used_for_cropping"])
        full[(slice(None), *box)] = np.asarray(resized)
        back = [0, *(axis + 1 for axis in p.plans_manager.transpose_backward)]
        return label_map, full.transpose(back)


@contextmanager
def float32_accumulators():
    """Let nnU-Net sum over tiles in float32: the only two half-precision arrays that its module asks for."""
    with patch.object(predict_from_raw_data, "torch", _TorchWithoutHalf()):
        yield


class _TorchWithoutHalf:
    half = torch.float32

    def __getattr__(self, name: str) -> Any:
        return getattr(torch, name)


def _plan(wanted: Wanted, root: Path) -> dict[str, Any]:
    """Write a data set of one empty image with the fingerprint of a real one, and plan for it."""
    raw, preprocessed = root / "raw" / NAME, root / "preprocessed" / NAME
    preprocessed.mkdir(parents=True, exist_ok=True)
    for channel in range(len(wanted.channel_names)):
        _write_empty(raw / "imagesTr" / f"case_{channel:04d}.nii.gz")
    _write_empty(raw / "labelsTr" / "case.nii.gz")
    dataset = {
        "channel_names": {str(index): name for index, name in enumerate(wanted.channel_names)},
        "labels": wanted.labels,
        "numTraining": 1000,
        "file_ending": ".nii.gz",
        "overwrite_image_reader_writer": wanted.reader,
    }
    if wanted.regions_class_order:
        dataset["regions_class_order"] = list(wanted.regions_class_order)
    if wanted.prompts:
        dataset["prompts"] = dict(wanted.prompts)
    (raw / "dataset.json").write_text(json.dumps(dataset))
    intensities = {"mean": 100.0, "std": 80.0, "percentile_00_5": -50.0, "percentile_99_5": 300.0}
    fingerprint = {
        "spacings": [wanted.spacing_mm],
        "shapes_after_crop": [wanted.patch],
        "foreground_intensity_properties_per_channel": {str(c): intensities for c in range(len(wanted.channel_names))},
        "median_relative_size_after_cropping": wanted.cropped_to,
    }
    (preprocessed / "dataset_fingerprint.json").write_text(json.dumps(fingerprint))
    planner = PLANNERS[wanted.planner](NAME)
    planner.UNet_base_num_features = 4
    planner.UNet_max_features_2d = planner.UNet_max_features_3d = 8
    planner.UNet_blocks_per_stage_encoder = (1, 2, 1, 1, 1, 1, 1)
    planner.UNet_blocks_per_stage_decoder = (1, 1, 1, 1, 1, 1)
    planner.UNet_reference_val_3d = min(planner.UNet_reference_val_3d, wanted.largest_patch)
    plans = json.loads(json.dumps(planner.plan_experiment()))
    if wanted.prompts:
        _leave_clicks_as_they_are(plans)
    if wanted.dropout:
        arguments = plans["configurations"][wanted.configuration]["architecture"]["arch_kwargs"]
        kind = 2 if wanted.configuration == "2d" else 3
        arguments |= {"dropout_op": f"torch.nn.Dropout{kind}d", "dropout_op_kwargs": {"p": wanted.dropout}}
    return plans


def _leave_clicks_as_they_are(plans: dict[str, Any]) -> None:
    """Normalise no channel after the second, in every configuration."""
    for configuration in plans["configurations"].values():
        if "normalization_schemes" in configuration:
            schemes = configuration["normalization_schemes"]
            schemes[2:] = ["NoNormalization"] * (len(schemes) - 2)
            configuration["use_mask_for_norm"][2:] = [False] * (len(schemes) - 2)


def _save_checkpoint(
    plans: dict[str, Any], configuration: str, fold: int | str, root: Path, trainer_class: type[nnUNetTrainer]
) -> nnUNetTrainer:
    dataset = json.loads((root / "preprocessed" / NAME / "dataset.json").read_text())
    given = json.loads(json.dumps(plans)) | {"continue_training": False}
    trainer = trainer_class(given, configuration, fold, dataset, device=torch.device("cpu"))
    cases = Path(trainer.preprocessed_dataset_folder)
    cases.mkdir(exist_ok=True)
    (cases / "case.b2nd").touch()
    torch.manual_seed(sum(map(ord, str(fold))))
    trainer.initialize()
    trainer.configure_rotation_dummyDA_mirroring_and_inital_patch_size()
    _randomise_weights(trainer)
    trainer.logger.log("mean_fg_dice", np.float64(0.5), 0)
    trainer.logger.log("train_losses", np.float32(0.25), 0)
    trainer._best_ema = np.float64(0.5)
    trainer.save_checkpoint(str(Path(trainer.output_folder) / "checkpoint_final.pth"))
    return trainer


def _randomise_weights(trainer: nnUNetTrainer) -> None:
    """Take one step of training on noise, so that there is momentum, and randomise what starts as zeros and ones.

    The last layer's bias then centres the logits, so that no class wins everywhere.
    """
    image = torch.randn(1, trainer.num_input_channels, *trainer.configuration_manager.patch_size)
    sum(output.square().mean() for output in _outputs(trainer, image)).backward()
    trainer.optimizer.step()
    with torch.no_grad():
        for tensor in trainer.network.parameters():
            if tensor.ndim == 1:
                tensor.add_(torch.randn_like(tensor), alpha=0.3)
        finest = _outputs(trainer, image)[0]
        _last_bias(trainer.network, finest.shape[1]).sub_(finest.mean(dim=tuple(range(2, finest.ndim)))[0])


def _last_bias(network: torch.nn.Module, outputs: int) -> torch.Tensor:
    """Return the bias of the last layer that has one a class."""
    biases = (tensor for name, tensor in network.named_parameters() if name.endswith("bias"))
    return [tensor for tensor in biases if tensor.shape == (outputs,)][-1]


def _outputs(trainer: nnUNetTrainer, image: torch.Tensor) -> Sequence[torch.Tensor]:
    """Return the network's outputs, the finest first; without deep supervision there is one."""
    outputs = trainer.network(image)
    return [outputs] if isinstance(outputs, torch.Tensor) else outputs


def _write_empty(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(sitk.Image([4, 4, 4], sitk.sitkUInt8), str(path))
