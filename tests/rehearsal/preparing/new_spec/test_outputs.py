import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.rehearsal.preparing.new_spec.outputs import show_outputs


@pytest.fixture
def write(tmp_path):
    """Write an image of these voxels into the output's folder of a name."""

    def write_image(name, voxels, kind=np.uint8):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        sitk.WriteImage(sitk.GetImageFromArray(np.array(voxels, kind).reshape(2, 2, -1)), str(path))

    return write_image


def test_images_and_values_are_told_apart(write, tmp_path):
    write("images/seg/output.mha", [0, 0, 3, 1])
    write("images/heat/output.mha", [0, 0.5, 1, 0], np.float32)
    write("images/page/output.tif", [0, 0, 3, 1])
    (tmp_path / "risk.json").write_text("0.25")
    (tmp_path / "stage.json").write_text('"T1"')
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "note.txt").write_text("hello")
    shown = show_outputs(tmp_path)
    assert [(image.relative_path, image.values) for image in shown.images] == [
        ("images/heat", None),
        ("images/page", None),
        ("images/seg", (1, 3)),
    ]
    assert [image.grid is not None for image in shown.images] == [True, False, True]
    assert (shown.numbers, shown.values, shown.others) == (("risk.json",), ("broken.json", "stage.json"), ("note.txt",))


@pytest.mark.parametrize(
    ("voxels", "kind"), [([0, -1, 1, 0], np.int8), ([0, 1, 2, 3], np.uint16), (list(range(72)), np.uint8)]
)
def test_what_the_platform_takes_for_no_label_map_has_no_values(write, tmp_path, voxels, kind):
    write("images/seg/output.mha", voxels, kind)
    (image,) = show_outputs(tmp_path).images
    assert image.values is None


def test_voxels_in_a_file_of_their_own_are_part_of_the_image(write, tmp_path):
    write("images/seg/output.mhd", [0, 0, 0, 1])
    shown = show_outputs(tmp_path)
    assert (len(shown.images), shown.others) == (1, ())


def test_a_folder_without_an_image_is_refused(write, tmp_path):
    write("images/seg/output.nii.gz", [0, 0, 0, 1])
    with pytest.raises(InputError, match=r"must hold an image in images/<socket>/, \.mha or \.tif, but .* holds none"):
        show_outputs(tmp_path)


@pytest.mark.parametrize("name", ["seg/output.mha", "images/output.mha"])
def test_an_image_at_another_place_is_refused(write, tmp_path, name):
    write(name, [0, 0, 0, 1])
    with pytest.raises(InputError, match="must lie in images/<socket>/"):
        show_outputs(tmp_path)


def test_outputs_of_several_cases_are_refused(write, tmp_path):
    write("images/seg/1.mha", [0, 0, 0, 1])
    write("images/seg/2.mha", [0, 0, 0, 1])
    with pytest.raises(
        InputError, match=r"must hold one image, but .* holds 2\. Are they the outputs of several cases"
    ):
        show_outputs(tmp_path)
