"""Real HNTS-MRG label maps as structure sets on series of their grids, and back."""

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.dicom.series.folder import read_series
from hnseg.dicom.structure_set.painting import paint
from hnseg.dicom.structure_set.reading import read_structure_set
from hnseg.imaging.geometry import Grid, array_of
from tests.support.dicom_series import headers_of, write_series
from tests.support.real_data import needs_real_data, real_data_dir
from tests.support.structure_set_files import write_set

MASKS = sorted((real_data_dir() / "hnts_masks" / "groundtruth_masks").glob("*.nii.gz"))
pytestmark = needs_real_data("hnts_masks")


@pytest.mark.parametrize("path", MASKS, ids=lambda path: path.name.split("_")[0])
def test_a_real_mask_comes_back_without_a_voxel_of_difference(path, tmp_path):
    mask = sitk.ReadImage(str(path), sitk.sitkUInt8)
    files = headers_of(Grid.of(mask), BitsAllocated=1, BitsStored=1, HighBit=0, PixelRepresentation=0)
    for elements in files:
        elements.PixelData = bytes(elements.Rows * elements.Columns // 8 + 8)  # its pixels are of no interest
    write_series(tmp_path / "series", files)
    series, _ = write_set(tmp_path, mask, {1: "GTVp", 2: "GTVn"})
    found = read_structure_set(tmp_path / "rs.dcm")
    painted = paint({each.number: each for each in found.structures}, series, tmp_path / "rs.dcm")
    np.testing.assert_array_equal(painted.label_map, array_of(mask))
    assert read_series(tmp_path / "series").grid.is_close_to(Grid.of(mask))
