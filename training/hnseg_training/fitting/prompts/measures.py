"""Measures of a trained fold on its validation cases: without clicks, and with simulated ones.

Cases are segmented by nnU-Net's sliding window on the network's grid, without resampling; what a container gives for a
case differs by that.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hnseg.imaging.components import number_components
from hnseg.imaging.prompts.click import VoxelClick
from hnseg_training.dataset.work_folder import write_json
from hnseg_training.fitting.prompts.components import Mask
from hnseg_training.fitting.prompts.simulation import Labels, Simulation

logger = logging.getLogger(__name__)

MEASURES_FILE = "prompts.json"
"""Name of the file in the folder of a fold."""
_SEED = 15

Clicking = Callable[[Simulation, Labels, Labels, np.random.Generator], Sequence[VoxelClick]]
"""Clicks on a case, from its reference and its prediction without clicks."""
CLICKINGS: dict[str, Clicking] = {
    "a click in each lesion": lambda user, labels, _, rng: user.on_lesions(labels, rng),
    "a click in each error": lambda user, labels, predicted, rng: user.on_errors(labels, predicted, rng),
}


def measure_with_clicks(trainer: Any, fold_folder: Path) -> None:
    """Measure a trained fold on its validation cases, and write and log what was found.

    `prompts.json` has for each way of clicking and each structure the mean DSC over the cases in which there is
    something to find or something was found, and the mean volume of false positives: of predicted components that
    touch no voxel of the structure, in ml.

    Args:
        trainer: Trainer of nnU-Net's with clicks, its network trained.
        fold_folder: Folder of the fold.
    """
    names = trainer.do_split()[1][: trainer.prompts.measured]
    dataset = trainer.dataset_class(trainer.preprocessed_dataset_folder, names)
    predict = _predictor_of(trainer)
    cases = [_measured(trainer, predict, *dataset.load_case(name)[:2]) for name in names]
    found = {way: _means([case[way] for case in cases]) for way in cases[0]}
    content = {"stage": trainer.stage, "cases": len(cases), "settings": trainer.prompts.model_dump(mode="json")}
    write_json(fold_folder / MEASURES_FILE, {**content, "measures": found})
    for way, structures in found.items():
        logger.info("%s: %s", way, ", ".join(f"{name} {_in_words(values)}" for name, values in structures.items()))


def false_positive_volume_ml(predicted: Mask, reference: Mask, voxel_volume_mm3: float) -> float:
    """Return the volume of those components of a prediction (z, y, x) that touch no voxel of the reference, in ml."""
    numbered, sizes = number_components(predicted, connectivity=6)
    right = np.unique(numbered[reference & predicted])
    return float(np.delete(sizes, [0, *right[right > 0]]).sum()) * voxel_volume_mm3 / 1000


def _predictor_of(trainer: Any) -> Callable[[torch.Tensor], Labels]:
    """Return a function that gives the labels (z, y, x) of a case's channels (c, z, y, x), by nnU-Net's own window."""
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

    trainer.set_deep_supervision_enabled(False)
    trainer.network.eval()
    predictor = nnUNetPredictor(device=trainer.device, perform_everything_on_device=True, allow_tqdm=False)
    predictor.manual_initialization(
        trainer.network,
        trainer.plans_manager,
        trainer.configuration_manager,
        None,
        trainer.dataset_json,
        type(trainer).__name__,
        trainer.inference_allowed_mirroring_axes,
    )

    def predict(channels: torch.Tensor) -> Labels:
        """Return the labels (z, y, x) of a case's channels (c, z, y, x)."""
        labels: Labels = predictor.predict_sliding_window_return_logits(channels).argmax(0).cpu().numpy()
        return labels

    return predict


def _measured(trainer: Any, predict: Callable[[torch.Tensor], Labels], data: Any, seg: Any) -> dict[str, Any]:
    """Return each structure's DSC and volume of false positives for each way of clicking on a case."""
    user = trainer.simulated_user()
    images, labels = torch.from_numpy(np.array(data[:])), np.array(seg[:])[0].astype(np.int64)

    def with_clicks(clicks: Sequence[VoxelClick]) -> Labels:
        """Return the labels (z, y, x) of the case with clicks on it."""
        drawn = trainer.prompts.encoding.draw(clicks, labels.shape, user.spacing_zyx_mm)
        return predict(torch.cat([images, torch.from_numpy(drawn)]))

    predicted = with_clicks([])
    found = {"without clicks": _scores(user, labels, predicted)}
    for way, clicking in CLICKINGS.items():
        clicks = clicking(user, labels, predicted, np.random.default_rng(_SEED))
        found[way] = _scores(user, labels, with_clicks(clicks))
    return found


def _scores(user: Simulation, labels: Labels, predicted: Labels) -> dict[str, dict[str, float]]:
    """Return each structure's DSC, NaN where it is neither there nor found, and volume of false positives."""
    voxel_volume_mm3 = float(np.prod(user.spacing_zyx_mm))
    scores = {}
    for structure in user.settings.encoding.structures:
        there, found = labels == user.values[structure], predicted == user.values[structure]
        both = int(there.sum() + found.sum())
        scores[structure] = {
            "dsc": 2 * int((there & found).sum()) / both if both else float("nan"),
            "false_positives_ml": false_positive_volume_ml(found, there, voxel_volume_mm3),
        }
    return scores


def _means(cases: Sequence[Mapping[str, Mapping[str, float]]]) -> dict[str, dict[str, float | None]]:
    """Return each structure's means over the cases, without NaN; None where nothing is left."""
    return {
        structure: {
            measure: _mean([case[structure][measure] for case in cases]) for measure in ("dsc", "false_positives_ml")
        }
        for structure in cases[0]
    }


def _mean(values: Sequence[float]) -> float | None:
    there = [value for value in values if not np.isnan(value)]
    return round(float(np.mean(there)), 4) if there else None


def _in_words(values: Mapping[str, float | None]) -> str:
    dsc, volume = values["dsc"], values["false_positives_ml"]
    return f"DSC {'none' if dsc is None else format(dsc, '.3f')}, false positives {volume or 0:.2f} ml"
