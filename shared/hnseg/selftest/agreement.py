"""Agreement of the device's label map with the reference's, torch's in float32 on the processor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from hnseg.imaging.geometry import array_of
from hnseg.inference.ensemble import Ensemble
from hnseg.inference.predictor import predict
from hnseg.options import Precision
from hnseg.selftest.results import Row
from hnseg.selftest.subject import PLAIN, Subject, arithmetic_of

_SAME = 1.0
_ROUNDED = 0.999
_HALF = 0.995
_FAST = 0.97


@dataclass(frozen=True)
class Agreement:
    """Agreement of two label maps of one image, and of the logits of one tile.

    Attributes:
        equal: Fraction of voxels with the same label.
        largest: Largest difference of logits over all folds, in standard deviations of the reference's logits.
        labels: Number of different labels in the reference's label map.
    """

    equal: float
    largest: float
    labels: int


def check_agreement(subject: Subject) -> list[Row]:
    """Return a row for each precision: the device's label map against the reference's."""
    reference = subject.load_reference()
    return [_row(subject, reference, precision) for precision in ("exact", "fast")]


def least_equal(ensemble: Ensemble, precision: Precision) -> tuple[float, str]:
    """Return the least fraction of voxels that must be equal, and the reason for it in words.

    Where two logits of a voxel are nearly equal, rounding decides its label, so the fraction follows from the digits
    that the arithmetic has. Untrained networks have the most of such voxels.

    Args:
        ensemble: Ensemble on the device.
        precision: Precision that was asked for.
    """
    arithmetic = arithmetic_of(ensemble)
    if arithmetic == "float32" and ensemble.backend.name == "torch" and ensemble.backend.device.type == "cpu":
        return _SAME, "the same arithmetic on the same processor"
    if arithmetic == "float32":
        return _ROUNDED, "float32 in another order of sums"
    if precision == "exact":
        return _HALF, f"{arithmetic} has 3 digits, sums are in float32"
    return _FAST, f"{arithmetic} or sums in it have 2 to 3 digits"


def compare(subject: Subject, ensemble: Ensemble, reference: Ensemble) -> Agreement:
    """Return the agreement of an ensemble with another of the same model, on an image of two tiles."""
    channels = subject.two_tiles()
    found, expected = (array_of(predict(each, channels, effort=PLAIN).label_map) for each in (ensemble, reference))
    largest = max(_largest_difference(subject.tile(), ensemble, reference))
    return Agreement(float((found == expected).mean()), largest, len(np.unique(expected)))


def judge(name: str, agreement: Agreement, least: float, reason: str) -> Row:
    """Return the row on an agreement, right where it reaches the least fraction of equal voxels."""
    found = (
        f"{agreement.equal:.4%} of voxels equal, {least:.1%} are needed ({reason}); logits differ by up to"
        f" {agreement.largest:.2g} of their standard deviation; {agreement.labels} labels."
    )
    if agreement.equal >= least:
        return Row(name=name, state="right", found=found)
    cure = "Segment with --device cpu until this is mended; report it with this table. Does another driver cure it?"
    return Row(name=name, state="wrong", found=found, cure=cure)


def _row(subject: Subject, reference: Ensemble, precision: Precision) -> Row:
    ensemble = subject.load(precision=precision)
    least, reason = least_equal(ensemble, precision)
    return judge(f"label map, {precision}", compare(subject, ensemble, reference), least, reason)


@torch.inference_mode()
def _largest_difference(tile: torch.Tensor, ensemble: Ensemble, reference: Ensemble) -> Iterator[float]:
    """Yield the largest difference of each fold's logits of a tile, in standard deviations of the reference's."""
    for fold in range(reference.backend.folds):
        found, expected = (_logits(each, fold, tile) for each in (ensemble, reference))
        yield float((found - expected).abs().max() / expected.std().clamp_min(1e-8))


def _logits(ensemble: Ensemble, fold: int, tile: torch.Tensor) -> torch.Tensor:
    """Return a copy of the logits (k, *patch) of a tile in the machine's memory."""
    backend = ensemble.backend
    batch = tile[None].expand(backend.copies_together, *tile.shape).contiguous().to(backend.device)
    logits = backend.logits(fold, batch)[0].cpu().clone()
    backend.release(fold)
    return logits
