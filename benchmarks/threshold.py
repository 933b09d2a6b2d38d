"""The reader's rule for PET: what has at least 41 % of the largest uptake in a lesion belongs to it.

The rule can't find a lesion, so it is told where each one is: the box of each piece of the reference, 10 mm larger on
every side. That is more than a program has which must find them, and what a reader does.
"""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from hnseg.imaging.geometry import Grid, LabelArray, array_of, image_of, resample_image

SHARE = 0.41
MARGIN_MM = 10.0
TOUCHING = np.ones((3, 3, 3))


def threshold(pet: sitk.Image, reference: sitk.Image) -> sitk.Image:
    """Return a label map on the reference's grid by the rule of 41 %.

    Args:
        pet: In SUV, any grid.
        reference: Tells where lesions are, and what each is.

    Returns:
        uint8; of each lesion the connected piece around its voxel of largest uptake, the reference's label.
    """
    grid = Grid.of(reference)
    suv = array_of(resample_image(pet, grid))
    truth = array_of(reference)
    found: LabelArray = np.zeros(truth.shape, np.uint8)
    margins = [round(MARGIN_MM / mm) for mm in grid.spacing_zyx_mm]
    for label in np.unique(truth[truth > 0]).tolist():
        pieces, _ = ndimage.label(truth == label, TOUCHING)
        for number, box in enumerate(ndimage.find_objects(pieces), start=1):
            wide = tuple(
                slice(max(0, part.start - margin), part.stop + margin)
                for part, margin in zip(box, margins, strict=True)
            )
            found[wide][_around_the_hottest(suv[wide], pieces[wide] == number)] = label
    return image_of(found, grid)


def _around_the_hottest(suv: np.ndarray, lesion: np.ndarray) -> np.ndarray:
    """Return what has enough uptake and hangs together with the lesion's hottest voxel."""
    hottest = np.unravel_index(np.argmax(np.where(lesion, suv, -np.inf)), suv.shape)
    pieces, _ = ndimage.label(suv >= SHARE * suv[hottest], TOUCHING)
    mask: np.ndarray = pieces == pieces[hottest]
    return mask
