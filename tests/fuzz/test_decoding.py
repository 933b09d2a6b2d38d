"""Independent decoder: it agrees with nibabel and ITK on plain files, and refuses what is not whole."""

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk

from tests.fuzz.decoding import UndecodableError, decode
from tests.fuzz.formats import metaimage, nifti, nrrd
from tests.fuzz.volumes import OBLIQUE, Volume

FILES = {
    ".mha": metaimage.encoded,
    ".nii": lambda volume: nifti.encoded(volume, compress=False),
    ".nii.gz": nifti.encoded,
    ".nrrd": nrrd.encoded,
}


@pytest.fixture
def volume():
    array = np.random.default_rng(1).integers(-1000, 1000, (4, 5, 6), dtype=np.int16)
    return Volume(array, (0.5, 0.75, 2.5), (-61.5, 101.25, 7.0), OBLIQUE)


@pytest.mark.parametrize("suffix", FILES)
def test_what_was_written_by_hand_is_decoded_and_read_by_itk_alike(tmp_path, volume, suffix):
    path = tmp_path / f"image{suffix}"
    path.write_bytes(FILES[suffix](volume))
    decoded, read = decode(path), sitk.ReadImage(str(path))
    assert np.array_equal(decoded.array, volume.array)
    assert np.array_equal(sitk.GetArrayFromImage(read), volume.array)
    for name, of_itk in (
        ("spacing", read.GetSpacing()),
        ("origin", read.GetOrigin()),
        ("direction", read.GetDirection()),
    ):
        assert getattr(decoded, name) == pytest.approx(getattr(volume, name), abs=1e-5)
        assert of_itk == pytest.approx(getattr(volume, name), abs=1e-5)


def test_a_quaternion_is_decoded_as_by_nibabel(tmp_path, volume):
    fields = nifti.fields_of(volume, 1) | {"forms": [1, 0], "quaternion": nifti.quaternion_of(volume)}
    path = tmp_path / "image.nii"
    path.write_bytes(nifti.header(fields, 1) + volume.array.tobytes())
    decoded, affine = decode(path), nibabel.load(path).affine
    matrix = np.reshape(decoded.direction, (3, 3)) * np.array(decoded.spacing)
    assert np.diag([-1, -1, 1]) @ matrix == pytest.approx(affine[:3, :3], abs=1e-5)
    assert np.diag([-1, -1, 1]) @ decoded.origin == pytest.approx(affine[:3, 3], abs=1e-5)


def test_nifti_2_which_itk_does_not_read_is_decoded_as_by_nibabel(tmp_path, volume):
    path = tmp_path / "image.nii"
    path.write_bytes(nifti.encoded(volume, compress=False, version=2))
    read = nibabel.load(path)
    assert np.array_equal(decode(path).array, np.asarray(read.dataobj).T)
    assert decode(path).spacing == pytest.approx(read.header.get_zooms())


@pytest.mark.parametrize("suffix", FILES)
@pytest.mark.parametrize("lost", [1, 9, 200])
def test_a_file_that_ends_too_early_is_not_decoded(tmp_path, volume, suffix, lost):
    path = tmp_path / f"image{suffix}"
    path.write_bytes(FILES[suffix](volume)[:-lost])
    with pytest.raises(UndecodableError):
        decode(path)
