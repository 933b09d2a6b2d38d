"""Patients of HaN-Seg: what is checked of their files, and the samples that are made of them.

Where masks overlap, the later of `ORDER` wins.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import SimpleITK as sitk

from containers.han_seg.method import MR, Settings, channels_of
from containers.han_seg.spec import CT, LABELS, SPEC, T1
from hnseg.imaging.box import BoxMm
from hnseg.imaging.channels import Channels
from hnseg.imaging.files.reading import read_grid
from hnseg.imaging.geometry import Grid, image_of
from hnseg.platform.reading import read_image
from hnseg.records import Frozen
from hnseg_training.challenges.han_seg.sources import Source
from hnseg_training.dataset.organ_masks import Merged, merge, read_mask
from hnseg_training.dataset.raw_dataset import write_sample
from hnseg_training.dataset.survey.problem import Refusals
from hnseg_training.dataset.work_folder import WorkFolder

# By volume in an adult, the largest first.
ORDER = (
    "Cavity_Oral", "Bone_Mandible", "Parotid_L", "Parotid_R", "Brainstem", "Larynx_SG", "Lips", "SpinalCord",
    "Glnd_Thyroid", "BuccalMucosa", "Glnd_Submand_L", "Glnd_Submand_R", "Eye_PL", "Eye_PR", "Esophagus_S",
    "A_Carotid_L", "A_Carotid_R", "Cricopharyngeus", "Glottis", "Eye_AL", "Eye_AR", "OpticNrv_L", "OpticNrv_R",
    "Glnd_Lacrimal_L", "Glnd_Lacrimal_R", "OpticChiasm", "Pituitary", "Arytenoid", "Cochlea_L", "Cochlea_R",
)  # fmt: skip


class Converted(Frozen):
    """Facts about a patient whose files are written."""

    name: str
    boxes: dict[str, BoxMm]
    """Box around each organ, by the organ's name, in mm."""
    record: dict[str, Any]
    """Missing organs, overlaps and use of the MR, for `conversion.json`."""
    lacks_mr: bool
    """Whether there is no MR, or one that the channels were to have and could not."""

    @property
    def organs_without_mask(self) -> list[str]:
        """Organs that have no mask, or an empty one."""
        return [*self.record["missing_organs"], *self.record["empty_masks"]]


def check_patient(source: Source) -> list[str]:
    """Return a sentence for each file of a patient that is not what it must be.

    Of CT and MR the headers and lengths are looked at, of the masks the voxels too.
    """
    refusals = Refusals()
    grid = refusals.result_of(partial(read_grid, source.ct, title=SPEC.input(CT).title, whole=True))
    if source.mr is not None:
        refusals.result_of(partial(read_grid, source.mr, title=SPEC.input(T1).title, whole=True))
    if grid is not None:
        for name, path in source.masks.items():
            refusals.result_of(partial(read_mask, name, path, grid, image=source.ct))
    return refusals.sentences


def convert_patient(work: WorkFolder, source: Source, *, settings: Settings, threads: int) -> Converted:
    """Write a patient's sample, and return the facts about the patient.

    Args:
        work: Work folder that receives the files.
        source: Files of the patient.
        settings: Settings of the method.
        threads: Threads of the registration.

    Raises:
        InputError: A file is not what it must be.
    """
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)
    ct = read_image(SPEC.input(CT), source.ct)
    mr = read_image(SPEC.input(T1), source.mr) if source.mr else None
    grid = Grid.of(ct)
    label_of = {name: label for label, name in LABELS.items()}
    merged = merge(source.masks, {name: label_of[name] for name in ORDER}, grid, image=source.ct)
    channels = channels_of(ct, mr, settings)
    write_sample(work, source.name, channels, image_of(merged.labels, grid))
    return Converted(
        name=source.name,
        boxes=dict(merged.boxes),
        record=_record(source, merged, channels),
        lacks_mr=source.mr is None or (settings.mr_channel and not channels.uses(MR)),
    )


def _record(source: Source, merged: Merged, channels: Channels) -> dict[str, Any]:
    """Return the facts about a patient that `conversion.json` keeps."""
    return {
        "missing_organs": [name for name in merged.missing if name not in source.masks],
        "empty_masks": [name for name in merged.missing if name in source.masks],
        "overlapping_voxels": {f"{upper} over {lower}": voxels for (upper, lower), voxels in merged.overlaps.items()},
        "mr": "missing" if source.mr is None else list(channels.notes),
        **channels.record,
    }
