import gzip

import pytest
import SimpleITK as sitk

from containers.hnts_mrg.spec import SPEC
from hnseg.rehearsal.judging.outputs import import_output
from hnseg.rehearsal.profile import profile_of

PROFILE = profile_of(SPEC.limits)


@pytest.fixture
def socket_dir(tmp_path):
    folder = tmp_path / SPEC.output.relative_path
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def imported(tmp_path):
    return lambda: import_output(SPEC.output, tmp_path, PROFILE)


def label_map(kind=sitk.sitkUInt8, *, size=(6, 5, 4), components=1):
    image = sitk.Image(size, kind) if components == 1 else sitk.Image(size, kind, components)
    image.SetSpacing([0.5, 0.7, 2.0][: len(size)] + [1.0] * (len(size) - 3))
    return image


def test_one_image_is_imported_whatever_its_name_and_folder(socket_dir, imported):
    (socket_dir / "deeper").mkdir()
    sitk.WriteImage(label_map(), str(socket_dir / "deeper" / "prediction.mha"), True)
    result = imported()
    assert result.findings == ()
    assert result.path == socket_dir / "deeper" / "prediction.mha"
    assert result.image.GetSize() == (6, 5, 4)


def test_an_mhd_with_its_raw_file_is_one_image(socket_dir, imported):
    sitk.WriteImage(label_map(), str(socket_dir / "output.mhd"))
    assert imported().findings == ()


@pytest.mark.parametrize("kind", [sitk.sitkUInt8, sitk.sitkInt8])
def test_8_bit_integers_are_a_segmentation(socket_dir, imported, kind):
    sitk.WriteImage(label_map(kind), str(socket_dir / "output.mha"))
    assert imported().findings == ()


@pytest.mark.parametrize(
    ("kind", "components"), [(sitk.sitkUInt16, 1), (sitk.sitkFloat32, 1), (sitk.sitkVectorUInt8, 2)]
)
def test_other_types_are_not(socket_dir, imported, kind, components):
    sitk.WriteImage(label_map(kind, components=components), str(socket_dir / "output.mha"))
    (finding,) = imported().findings
    assert "Image segments could not be determined" in finding.platform_says


def test_five_components_can_not_even_be_imported(socket_dir, imported):
    sitk.WriteImage(label_map(sitk.sitkVectorUInt8, components=5), str(socket_dir / "output.mha"))
    (finding,) = imported().findings
    assert finding.platform_says.startswith("No output images could be imported")


def test_a_truncated_image_can_not_be_imported(socket_dir, imported):
    path = socket_dir / "output.mha"
    sitk.WriteImage(label_map(size=(60, 50, 40)), str(path), True)
    path.write_bytes(path.read_bytes()[:-20])
    (finding,) = imported().findings
    assert finding.platform_says.startswith("No output images could be imported")
    assert "is the file whole?" in finding.explanation


def test_nifti_is_named_as_a_format_that_is_not_read(socket_dir, imported):
    (socket_dir / "output.nii.gz").write_bytes(gzip.compress(b"0" * 400))
    (finding,) = imported().findings
    assert "not NIfTI" in finding.explanation


def test_labels_are_those_of_the_socket(socket_dir, imported):
    image = label_map()
    image[1, 1, 1] = 2
    image[2, 2, 2] = 3
    sitk.WriteImage(image, str(socket_dir / "output.mha"))
    (finding,) = imported().findings
    assert finding.platform_says.endswith("contains the voxel values: {3}.")


def test_an_output_in_the_wrong_folder_leaves_the_right_one_empty(tmp_path, imported):
    (tmp_path / "images").mkdir()
    sitk.WriteImage(label_map(), str(tmp_path / "images" / "output.mha"))
    failure, warning = imported().findings
    assert failure.platform_says == "Output directory 'images/mri-head-neck-segmentation' is empty"
    assert warning.explanation == "Not a declared output, and not collected: images/output.mha."


def test_more_files_than_the_platform_lists_are_too_many(socket_dir, imported):
    sitk.WriteImage(label_map(), str(socket_dir / "output.mha"))
    for number in range(1000):
        (socket_dir / f"{number}.txt").touch()
    (finding,) = imported().findings
    assert finding.platform_says == "Too many files produced in 'images/mri-head-neck-segmentation'"
    assert finding.explanation == "Found 1,001; the platform lists no more than 1,000."


def test_files_of_a_folder_whose_name_begins_alike_are_listed_as_well(tmp_path, imported):
    (tmp_path / f"{SPEC.output.relative_path}-2").mkdir(parents=True)
    sitk.WriteImage(label_map(), str(tmp_path / f"{SPEC.output.relative_path}-2" / "output.mha"))
    assert imported().findings[0].platform_says.startswith("No output images could be imported")


def test_an_image_of_more_voxels_than_the_importer_holds_is_too_large(socket_dir, imported):
    path = socket_dir / "output.mha"
    sitk.WriteImage(label_map(), str(path), True)
    path.write_bytes(path.read_bytes().replace(b"DimSize = 6 5 4", b"DimSize = 65536 65536 4"))
    (finding,) = imported().findings
    assert finding.platform_says.startswith("The output image was too large to process")
    assert "promises 16.0 GiB of voxels" in finding.explanation
