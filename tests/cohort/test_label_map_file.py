import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.cohort.label_map_file import write_label_map
from hnseg.errors import OutputError
from hnseg.imaging.geometry import array_of


def label_map():
    return sitk.GetImageFromArray(np.arange(24, dtype=np.uint8).reshape(2, 3, 4))


def test_a_label_map_is_written_whole(tmp_path):
    write_label_map(label_map(), tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(array_of(sitk.ReadImage(str(tmp_path / "a.nii.gz"))), array_of(label_map()))


def test_a_place_that_can_not_be_written_is_a_sentence(tmp_path):
    with pytest.raises(OutputError, match=r"A label map must be written to .*nowhere, but that failed: .*\?$"):
        write_label_map(label_map(), tmp_path / "nowhere" / "a.nii.gz")
