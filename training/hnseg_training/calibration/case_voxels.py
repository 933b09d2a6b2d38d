"""Voxels of one case with the logits of one network, or of each of an ensemble: near the surfaces, and everywhere.

Over all voxels the background's certain ones hide what happens at a border, so what is calibrated is the band around
the surfaces of reference and prediction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from hnseg.errors import ModelError
from hnseg.evaluation.calibration.surface_band import surface_band
from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import Grid, array_of
from hnseg.inference.ensemble import Ensemble
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.prediction import Prediction
from hnseg.inference.predictor import start_prediction
from hnseg_training.calibration.logit_samples import LogitSamples
from hnseg_training.calibration.member_samples import MemberSamples

Places = npt.NDArray[np.intp]


@dataclass(frozen=True)
class CaseVoxels:
    """Voxels of one case.

    Attributes:
        band: Voxels near the surface of any structure.
        everywhere: Voxels of the whole image.
    """

    band: MemberSamples
    everywhere: MemberSamples


@dataclass(frozen=True)
class Sampling:
    """Sampling of a case's voxels.

    Attributes:
        band_mm: Distance from the surfaces of reference and prediction up to which voxels are in the band.
        most: Most voxels of a case in the band, and as many everywhere.
        seed: Seed of the draw.
    """

    band_mm: float = 10.0
    most: int = 20_000
    seed: int = 0


def case_voxels(
    ensemble: Ensemble, channels: Channels, reference: sitk.Image, sampling: Sampling, *, rng: np.random.Generator
) -> CaseVoxels:
    """Predict a case, and return some of its voxels with one logit a class.

    Args:
        ensemble: Networks whose mean logits are taken, of a model without regions.
        channels: Channels of the case.
        reference: Label map on their grid; voxels of no class of the model are left out.
        sampling: Band, and number of voxels.
        rng: Generator that draws them.

    Raises:
        ModelError: The model's logits are resampled by splines of an order over 1.
        InputError: The image does not fit into memory, or is not what the model's normalisation is for.
    """
    return _voxels_of(start_prediction(ensemble, channels, Deadline.never()), reference, channels.grid, sampling, rng)


def member_voxels(
    ensemble: Ensemble, channels: Channels, reference: sitk.Image, sampling: Sampling, *, rng: np.random.Generator
) -> CaseVoxels:
    """Predict a case, and return some of its voxels with the logits of each network.

    Args:
        ensemble: Networks of a model without regions.
        channels: Channels of the case.
        reference: Label map on their grid; voxels of no class of the model are left out.
        sampling: Band, and number of voxels.
        rng: Generator that draws them.

    Raises:
        ModelError: The model's logits are resampled by splines of an order over 1.
        InputError: The image, or the logits of all networks, don't fit into memory, or the image is not what the
            model's normalisation is for.
    """
    prediction = start_prediction(ensemble, channels, Deadline.never(), uncertainty=True)
    members = ensemble.backend.folds
    return _voxels_of(prediction, reference, channels.grid, sampling, rng, members=members)


def _voxels_of(
    prediction: Prediction,
    reference: sitk.Image,
    grid: Grid,
    sampling: Sampling,
    rng: np.random.Generator,
    *,
    members: int = 0,
) -> CaseVoxels:
    """Return voxels of a prediction with the logits of its members, or of their mean as the only one."""
    target = prediction.canvas.target
    if not target.is_gradual:
        raise ModelError(
            "Only a model whose logits are resampled linearly, as nnU-Net's plans have it, can be calibrated, but this"
            " one's are by splines of a higher order."
        )
    logits = LogitSamples(target, rng, members=members)
    prediction.canvas.fill(plane.mean for plane in logits.beside(prediction.planes()))
    classes = array_of(reference)
    predicted, outputs = array_of(prediction.canvas.label_map), len(target.dataset.output_values)
    near = np.stack([logits.of(band) for band in bands(classes, predicted, outputs, grid, sampling)], axis=1)
    of_members = logits.logits().reshape(len(near), max(1, members), outputs)
    voxels = MemberSamples(of_members, logits.of(classes).astype(np.intp), near)
    return CaseVoxels(
        voxels.at(_drawn(voxels, near[:, 0], sampling, rng, outputs)),
        voxels.at(_drawn(voxels, np.ones(len(voxels), np.bool_), sampling, rng, outputs)),
    )


def bands(
    reference: npt.NDArray[np.uint8], predicted: npt.NDArray[np.uint8], classes: int, grid: Grid, sampling: Sampling
) -> list[npt.NDArray[np.bool_]]:
    """Return, for each class, the voxels (z, y, x) near its surface in either label map; of background, of any class.

    Args:
        reference: Label map (z, y, x).
        predicted: Label map (z, y, x) on the same grid.
        classes: Number of classes with the background; the label of each is its number.
        grid: Grid of both.
        sampling: Width of the band.
    """
    spacing_zyx_mm = grid.spacing_mm[2], grid.spacing_mm[1], grid.spacing_mm[0]
    found = [
        np.logical_or(
            *(
                surface_band(each == label, spacing_zyx_mm=spacing_zyx_mm, band_mm=sampling.band_mm)
                for each in (reference, predicted)
            )
        )
        for label in range(1, classes)
    ]
    return [np.logical_or.reduce(found), *found]


def _drawn(
    voxels: MemberSamples, among: npt.NDArray[np.bool_], sampling: Sampling, rng: np.random.Generator, classes: int
) -> Places:
    """Return the places of so many random voxels among some, of those that have a class of the model."""
    places = np.flatnonzero(among & (voxels.classes < classes))
    return np.sort(rng.permutation(places)[: sampling.most])
