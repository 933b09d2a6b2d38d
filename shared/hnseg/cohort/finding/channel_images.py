"""Layouts of images for a model alone, without a challenge: a file a channel, or for one channel a file a case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from hnseg.cohort.finding.found import FoundCohort
from hnseg.cohort.finding.names import check_names
from hnseg.cohort.finding.nnunet import find_numbered, is_numbered
from hnseg.cohort.finding.slots import Slot, case_of
from hnseg.cohort.finding.untaken import untaken_in
from hnseg.errors import InputError
from hnseg.imaging.files.formats import READ, has_suffix, stem_of
from hnseg.imaging.files.visible import visible_in


def find_channel_images(folder: Path, channels: Sequence[str]) -> FoundCohort:
    """Return the cases of a folder of images for a model.

    Args:
        folder: Folder with `<case>_0000.nii.gz`, `<case>_0001.nii.gz` and so on in any format that is read, one a
            channel; or for a model of one channel, where no name is numbered, with `<case>.nii.gz`.
        channels: Names of the model's channels, in order.

    Raises:
        InputError: There is no image, the images are not numbered and the model has several channels, or the names of
            two cases are the same.
    """
    folder = folder.absolute()
    slots = [Slot(key, f"image of channel {channel}") for key, channel in zip(keys_of(channels), channels, strict=True)]
    images = [path for path in visible_in(folder) if has_suffix(path.name, READ) and path.is_file()]
    if any(map(is_numbered, images)):
        found = find_numbered(folder, slots)
    elif images and len(slots) == 1:
        cases = [case_of(stem_of(path.name), slots, {slots[0].key: [path]}) for path in images]
        found = FoundCohort(tuple(cases), "images", tuple(untaken_in(folder, images)))
    else:
        raise InputError(_none_found(folder, channels, images))
    _check_stems(found, folder)
    check_names([case.name for case in found.cases], folder)
    return found


def keys_of(channels: Sequence[str]) -> list[str]:
    """Return a key for each channel: its name, with its number where another channel has the same name.

    >>> keys_of(["CT", "MR", "MR"])
    ['CT', 'MR_0001', 'MR_0002']
    """
    counts = Counter(channels)
    return [name if counts[name] == 1 else f"{name}_{number:04d}" for number, name in enumerate(channels)]


def _check_stems(found: FoundCohort, folder: Path) -> None:
    """Refuse two images whose label maps would have one name."""
    counts = Counter(case.name for case in found.cases)
    if doubled := [name for name, count in counts.items() if count > 1]:
        raise InputError(
            f"Each image must have a name of its own, but {folder} holds {doubled[0]} in {counts[doubled[0]]} formats."
            " Remove the others."
        )


def _none_found(folder: Path, channels: Sequence[str], images: Sequence[Path]) -> str:
    numbered = ", ".join(f"CASE_{number:04d}.nii.gz ({name})" for number, name in enumerate(channels))
    plain = " or CASE.nii.gz" if len(channels) == 1 else ""
    state = f"holds {images[0].name} without a channel's number" if images else "holds no such image"
    return (
        f"A folder of cases must hold one image a channel of the model, named {numbered}{plain}, or in another of"
        f" {', '.join(READ)}, but {folder} {state}. Was the path to the images' own folder given?"
    )
