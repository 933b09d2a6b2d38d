"""Turning images to right, anterior, superior and back, for models that were trained on images so turned."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import Grid, array_of, image_of

_TRAINED = "RAS"


def turned(channels: Channels) -> Channels:
    """Return channels with axes flipped and swapped to point right, anterior and superior, as nearly as they can."""
    images = [sitk.DICOMOrient(image_of(channel, channels.grid), _TRAINED) for channel in channels.array]
    return Channels(np.stack([array_of(image) for image in images]), Grid.of(images[0]), channels.notes)


def turned_back(label_map: sitk.Image, grid: Grid) -> sitk.Image:
    """Return a label map with its axes flipped and swapped to those of the grid it came from."""
    if Grid.of(label_map) == grid:
        return label_map
    orientation = sitk.DICOMOrientImageFilter.GetOrientationFromDirectionCosines(grid.direction)
    return image_of(array_of(sitk.DICOMOrient(label_map, orientation)), grid)
