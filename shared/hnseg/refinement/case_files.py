"""Files of a case to refine: its images, the clicks on it, and a label map to start from.

A model whose `method.json` has settings of a PET/CT's channels gets them as its container prepares them: the CT
clipped, the PET judged and laid on the CT, around the head and neck where the settings say so; and its label map is
kept inside the body where they say so. Any other model gets one image a channel, on one grid.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from pydantic import ValidationError

from hnseg.bounded_files import read_bounded
from hnseg.errors import InputError, ModelError
from hnseg.imaging.box import Box
from hnseg.imaging.channels import Channels, channels_of, check_count
from hnseg.imaging.files.reading import read_volume
from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.imaging.outside_body import kept_inside_body
from hnseg.imaging.pet_ct.channels import PetCtSettings, pet_ct_channels
from hnseg.imaging.pet_ct.label_map import PetCtMapSettings
from hnseg.imaging.prompts.click import Click
from hnseg.imaging.prompts.clicks_file import parse_clicks
from hnseg.inference.model.bundle import Bundle
from hnseg.inference.model.manifest import METHOD_FILE
from hnseg.records import first_problem


@dataclass(frozen=True)
class CaseImages:
    """Images of a case, as the model gets them.

    Attributes:
        grid: Grid of the first image, on which clicks are and the label map will be.
        channels: Channels on this grid, or on a box of its voxels.
        kept_inside: CT, outside whose body a label map is background; None where it may have labels anywhere.
    """

    grid: Grid
    channels: Channels
    kept_inside: sitk.Image | None = None

    @property
    def box(self) -> Box:
        """Voxels of the first image that the channels have."""
        own = self.channels.grid
        x, y, z = np.rint(self.grid.index_xyz(np.array([own.origin_mm])))[0].astype(int).tolist()
        return Box((x, y, z), own.size_xyz)

    def cut(self, label_map: sitk.Image) -> sitk.Image:
        """Return the channels' part of a label map on the first image's grid."""
        return image_of(self.box.of(array_of(label_map)), self.channels.grid)

    def put_back(self, label_map: sitk.Image, start: sitk.Image | None) -> sitk.Image:
        """Return a label map of the channels on the first image's grid, as the model's container would write it.

        Args:
            label_map: Label map on the channels' grid.
            start: Label map on the first image's grid, which all else is taken from; None for background. Where a
                label map is kept inside the body, labels that this one has outside stay.
        """
        voxels = sitk.GetArrayViewFromImage(label_map)
        array = np.zeros(self.grid.shape_zyx, voxels.dtype) if start is None else array_of(start)
        self.box.of(array)[:] = voxels
        if self.kept_inside is None:
            return image_of(array, self.grid)
        inside = array_of(kept_inside_body(image_of(array, self.grid), self.kept_inside))
        if start is not None:
            old = array == sitk.GetArrayViewFromImage(start)
            inside[old] = array[old]
        return image_of(inside, self.grid)


def read_case_images(bundle: Bundle, paths: Sequence[Path]) -> CaseImages:
    """Read the images of a case.

    Args:
        bundle: Model folder, opened.
        paths: One image for each of the model's image channels, in their order; of a PET/CT the PET may be left out.

    Raises:
        InputError: An image can't be used, or there are more or fewer than the model wants.
        ModelError: `method.json` has settings of a PET/CT's channels that can't be.
    """
    settings = _pet_ct_settings(bundle)
    names = bundle.image_channels
    if settings is None or not (settings.pet_channel and len(paths) == 1):
        check_count(len(paths), names)
    images = [read_volume(path, title=f"image of channel {name}") for path, name in zip(paths, names, strict=False)]
    if settings is None:
        return CaseImages(Grid.of(images[0]), channels_of(images, names, titles=[str(path) for path in paths]))
    ct, *pets = images
    _, *pet_files = paths
    channels = pet_ct_channels(
        ct,
        pets[0] if pets else None,
        settings,
        ct_file=paths[0],
        pet_file=pet_files[0] if pet_files else None,
    )
    return CaseImages(Grid.of(ct), channels, ct if settings.keep_inside_body else None)


def read_start(path: Path, bundle: Bundle, grid: Grid) -> sitk.Image:
    """Read a label map to start from, on the first image's grid.

    Raises:
        InputError: It can't be read, is on another grid, or has a label that is not the model's.
    """
    labels = {value: name for value, name in enumerate(bundle.dataset.output_names) if value}
    label_map = read_volume(path, title="label map to start from", labels=labels)
    if difference := Grid.of(label_map).differences(grid):
        raise InputError(
            f"The label map to start from must be on the grid of the first image, but {path} has {difference} of it."
            " Does it belong to another image?"
        )
    return label_map


def read_clicks(path: Path, grid: Grid, structures: Sequence[str]) -> tuple[Click, ...]:
    """Read a file of clicks; see `hnseg.imaging.prompts.clicks_file` for its form.

    Args:
        path: JSON file.
        grid: Grid of the image on which was clicked.
        structures: Names of the structures that may be clicked.

    Raises:
        InputError: It can't be read, or a click of it can't be used.
    """
    try:
        value = json.loads(read_bounded(path))
    except OSError as error:
        raise InputError(f"The clicks must be a file, but {path} can't be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"The clicks must be JSON, but {path} is not ({error}). Is it another file?") from error
    found = parse_clicks(value, grid, structures)
    if found.problems:
        raise InputError(f"{found.problems[0]} The file is {path}; no click of it was used.")
    return found.clicks


def _pet_ct_settings(bundle: Bundle) -> PetCtMapSettings | None:
    """Return the settings of a PET/CT, where a model has any of its channels."""
    if not set(bundle.settings) & set(PetCtSettings.model_fields):
        return None
    given: Mapping[str, Any] = {
        key: value for key, value in bundle.settings.items() if key in PetCtMapSettings.model_fields
    }
    try:
        return PetCtMapSettings.model_validate(given)
    except ValidationError as error:
        raise ModelError(
            f"{bundle.folder / METHOD_FILE} must hold settings of a PET/CT's channels, but"
            f" {first_problem(error, PetCtMapSettings)}. Was it edited?"
        ) from error
