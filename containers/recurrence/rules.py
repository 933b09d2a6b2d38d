"""Rules that need no network: the volume over a share of SUVmax inside the box around the GTV, and the GTV itself."""

from __future__ import annotations

from pathlib import Path

import SimpleITK as sitk

from containers.recurrence.channels import crop_record
from containers.recurrence.settings import Settings
from containers.recurrence.spec import BRAIN, CT, GTV, PET
from hnseg.errors import InputError
from hnseg.imaging.body import CoarseCt, coarse_ct_of
from hnseg.imaging.geometry import Grid
from hnseg.imaging.hounsfield import check_hounsfield
from hnseg.imaging.pet_ct.brain import find_brain
from hnseg.imaging.pet_ct.gtv_crop import gtv_crop
from hnseg.imaging.pet_ct.judged_pet import judge_pet
from hnseg.imaging.pet_ct.suvmax_volume import suvmax_volume
from hnseg.platform.case import Case

Facts = tuple[tuple[str, ...], dict[str, object]]
"""Notes, each a sentence, and facts for the provenance."""
_UNITS = {"activity": "an activity, such as in Bq/ml", "scaled": "scaled to 0 to 1"}


def gtv_itself(case: Case, settings: Settings) -> tuple[sitk.Image, Facts]:
    """Return the GTV as the predicted volume, with its notes and facts.

    Raises:
        InputError: The GTV is empty.
    """
    gtv_crop(case.images[GTV], extent_mm=settings.extent_mm)  # refuses an empty one
    return case.images[GTV], ((), {})


def over_share_of_suvmax(case: Case, settings: Settings) -> tuple[sitk.Image, Facts]:
    """Return the volume over a percentage of SUVmax in the box around the GTV, with its notes and facts.

    Raises:
        InputError: The CT is not in Hounsfield units, the GTV is empty, or the PET shows no uptake.
    """
    ct, gtv = case.images[CT], case.images[GTV]
    check_hounsfield(ct, case.files.get(CT))
    box = gtv_crop(gtv, extent_mm=settings.extent_mm).inside(Grid.of(ct))
    coarse = coarse_ct_of(ct)
    pet, (pet_notes, pet_record) = _usable_pet(case.images[PET], coarse, case.files.get(PET))
    brain, brain_note, origin = _brain_of(case, coarse, settings)
    found = suvmax_volume(pet, gtv, percent=settings.suvmax_percent, brain=brain, box=box)
    record = {
        **pet_record,
        "suvmax": {"inside_gtv": found.inside_gtv, "threshold": found.threshold, "brain": origin},
        "crop": crop_record(box),
    }
    return found.label_map, ((*pet_notes, brain_note), record)


def _usable_pet(pet: sitk.Image, coarse: CoarseCt, file: Path | None) -> tuple[sitk.Image, Facts]:
    """Return a PET of which shares can be taken: in SUV, or in another unit that a factor turns into it.

    Raises:
        InputError: It lies elsewhere, or its values are no uptake.
    """
    judged = judge_pet(pet, coarse, path=file)
    record = dict(judged.record)
    if judged.pet is not None:
        return judged.pet, (judged.notes, record)
    unit = record["pet_values"]["doubt"]
    if unit not in _UNITS:
        raise InputError(f"A share of SUVmax needs a PET: {judged.left_out}")
    note = f"The PET {file or ''} is not in SUV but {_UNITS[unit]}; a share of its own highest value needs no SUV."
    return pet, ((note,), record)


def _brain_of(case: Case, coarse: CoarseCt, settings: Settings) -> tuple[sitk.Image | None, str, str]:
    """Return the brain that is left out, a sentence on where it comes from, and the same as a word."""
    if settings.brain == "none":
        return None, "No brain was left out, as the settings say.", "none"
    if BRAIN in case.images:
        return case.images[BRAIN], "The brain was left out by the label map of the case.", "mask"
    absence = case.left_out.get(BRAIN, "There is no label map of the brain.")
    if settings.brain == "mask":
        return None, f"No brain was left out. {absence}", "none"
    found = find_brain(coarse)
    if found is None:
        return None, f"No brain was left out, since none was found on the CT. {absence}", "none"
    return found, f"The brain was left out as a heuristic found it on the CT. {absence}", "heuristic"
