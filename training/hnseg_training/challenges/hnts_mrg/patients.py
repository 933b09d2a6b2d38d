"""Patients of HNTS-MRG: what is checked of their files, and the two samples that are made of them.

`<patient>` is the mid-RT T2w with the registered pre-RT mask as its prior; `<patient>pre` is the pre-RT T2w with its
own mask as prior and as truth. The margins of the gradient map's boxes are drawn once per sample, here, as the method's
authors did.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from containers.hnts_mrg.method import Settings, channels_of
from containers.hnts_mrg.spec import LABELS
from hnseg.errors import InputError
from hnseg.imaging.files.reading import read_grid, read_scan, read_volume
from hnseg.imaging.geometry import Grid, array_of
from hnseg.records import Frozen
from hnseg_training.challenges.hnts_mrg.sources import Source, Visit
from hnseg_training.dataset.raw_dataset import write_sample
from hnseg_training.dataset.survey.problem import Refusals
from hnseg_training.dataset.work_folder import WorkFolder


class Converted(Frozen):
    """Facts about a patient whose samples are written."""

    empty_masks: list[str]
    """Masks without any voxel of a tumour, by their files' names: a complete response, or a mask that was lost."""


def check_patient(source: Source) -> list[str]:
    """Return a sentence for each file of a patient that is not what it must be.

    Of the images the headers and lengths are looked at, of the masks the voxels too.
    """
    refusals = Refusals()
    for visit in source.visits:
        grid = refusals.result_of(partial(read_grid, visit.t2w, title="T2w", whole=True))
        if grid is not None:
            for mask in dict.fromkeys((visit.prior, visit.truth)):
                refusals.result_of(partial(_read_mask, mask, visit.t2w, grid))
    return refusals.sentences


def convert_patient(work: WorkFolder, source: Source, *, settings: Settings, seed: int, threads: int) -> Converted:
    """Write a patient's two samples, and return the facts about the patient.

    Args:
        work: Work folder that receives the files.
        source: Files of the patient.
        settings: Settings of the method.
        seed: Seed of the margins; those of a patient depend on it and on the patient's number alone.
        threads: Threads of the filters.

    Raises:
        InputError: A file is not what it must be.
    """
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)
    empty: list[str] = []
    for number, visit in enumerate(source.visits):
        empty += _convert_visit(work, visit, settings, np.random.default_rng([seed, int(source.name), number]))
    return Converted(empty_masks=empty)


def _convert_visit(work: WorkFolder, visit: Visit, settings: Settings, rng: np.random.Generator) -> list[str]:
    """Write the sample of an image, and return the names of its empty masks."""
    t2w = read_scan(visit.t2w, title="T2w")
    masks = {path: _read_mask(path, visit.t2w, Grid.of(t2w)) for path in (visit.prior, visit.truth)}
    for mask in masks.values():
        mask.CopyInformation(t2w)
    write_sample(work, visit.sample, channels_of(t2w, masks[visit.prior], settings, rng=rng), masks[visit.truth])
    return [path.name for path, mask in masks.items() if not array_of(mask).any()]


def _read_mask(path: Path, t2w_path: Path, grid: Grid) -> sitk.Image:
    """Read a mask, which must lie on the grid of its T2w to a twentieth of a voxel."""
    if not (found := read_grid(path, title="tumour mask")).is_close_to(grid):
        raise InputError(
            f"The mask {path} must lie on the grid of its T2w {t2w_path.name}, but it has {found.differences(grid)}."
            " Are files of two visits or two patients mixed up?"
        )
    return read_volume(path, title="tumour mask", labels=LABELS)
