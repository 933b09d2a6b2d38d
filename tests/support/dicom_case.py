"""A whole case as DICOM: the small CT and PET of HECKTOR as one study, and structures on the CT."""

import json
import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import SimpleITK as sitk

from hnseg.imaging.geometry import Grid, array_of, image_of
from tests.support.dicom_series import headers_of, write_series
from tests.support.dicom_study import DECAY, DOSE_BQ, WEIGHT_KG, series_files
from tests.support.planted_identifiers import with_planted_names
from tests.support.small_hecktor import reference_of_small_case, small_ct, small_pet
from tests.support.structure_set_files import write_set

STUDY, FRAME = "1.2.826.0.1.3680043.8.498.1", "1.2.826.0.1.3680043.8.498.2"
SUV_OF_BQ_ML = WEIGHT_KG * 1000 / (DOSE_BQ * DECAY)
"""SUV of one Bq/ml, an hour after the injection."""


def write_pet_ct(folder, *, ct=None, pet=None, **values):
    """Write a study of a CT (series number 2), a PET in Bq/ml (5) and a localiser, whose texts all name the patient.

    Args:
        folder: Folder that is made, with folders of any depth in it.
        ct: CT in HU; the small one if left out.
        pet: PET in SUV; the small one if left out.
        values: Elements of the PET besides.
    """
    if ct is None and pet is None and not values:
        return Path(shutil.copytree(Path(_usual_study().name) / "dicom", folder))
    return _written(folder, ct, pet, values)


@cache
def _usual_study():
    """Return a temporary folder with the study of the small images in `dicom`, written once: it takes a second."""
    folder = TemporaryDirectory()
    _written(Path(folder.name) / "dicom", None, None, {})
    return folder


def _written(folder, ct, pet, values):
    ct, pet = ct if ct is not None else small_ct(), pet if pet is not None else small_pet()
    bq_ml = image_of(array_of(pet) / SUV_OF_BQ_ML, Grid.of(pet))
    one = {"study": STUDY, "frame": FRAME}
    write_series(folder / "a" / "b", with_planted_names(series_files(ct, "CT", number="2", **one)))
    write_series(folder / "c", with_planted_names(series_files(bq_ml, "PT", number="5", **one, **values)))
    scout = headers_of(Grid.of(ct), ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"], SeriesNumber="1")[:1]
    scout[0].StudyInstanceUID = STUDY
    write_series(folder / "d", with_planted_names(scout))
    return folder


def write_structures_on_ct(folder, names, *, label_map=None):
    """Write `rs.dcm` with named labels of the small case onto the CT of a study; return the label map."""
    label_map = label_map if label_map is not None else reference_of_small_case()
    (folder / "series").symlink_to(folder / "a" / "b")
    write_set(folder, label_map, names)
    (folder / "series").unlink()
    return label_map


def labels_in(path):
    """Return the voxels of a label map's file, (z, y, x)."""
    return array_of(sitk.ReadImage(str(path)))


def save_names(path, names):
    """Write the names of labels as `hnseg rtstruct` reads them."""
    path.write_text(json.dumps({str(label): name for label, name in names.items()}))
    return path


def box_on(grid, *, inside=(slice(4, 8), slice(10, 20), slice(10, 20))):
    """Return a label map of one box on a grid."""
    labels = np.zeros(grid.shape_zyx, np.uint8)
    labels[inside] = 1
    return image_of(labels, grid)
