"""Images of patients, found in both layouts."""

import pytest

from hnseg.errors import InputError
from hnseg.evaluation.recurrence.patient_images import find_images
from tests.support.recurrence_patients import BOTH, label_map, write


def test_files_of_a_training_are_found_by_name(root):
    images = find_images(root / "images", ["a", "b"])
    assert sorted(images["a"].paths) == ["brain", "ct", "gtv", "pet"]
    assert sorted(images["b"].paths) == ["ct", "gtv", "pet"]
    assert images["a"].read("gtv").GetSize() == (16, 12, 8)


@pytest.mark.parametrize("below", ["", "input"])
def test_a_containers_inputs_are_found_by_socket(tmp_path, below):
    for socket in ("pet", "gtv-segmentation", "brain-segmentation"):
        write(tmp_path / "case_7" / below / "images" / socket, {"any": label_map(BOTH[0])})
    images = find_images(tmp_path, ["case_7_output"])  # the same case ID
    assert sorted(images["case_7_output"].paths) == ["brain", "gtv", "pet"]
    assert len(images["case_7_output"].files) == 3


def test_a_patient_without_a_folder_or_an_image_is_refused(root, tmp_path):
    with pytest.raises(InputError, match="but d has none"):
        find_images(root / "images", ["d"])
    write(tmp_path / "a", {"pet": label_map()})
    with pytest.raises(InputError, match=r"a has no gtv\. Expected are ct.nii.gz, pet.nii.gz"):
        find_images(tmp_path, ["a"])


def test_two_files_for_one_image_are_refused(tmp_path):
    write(tmp_path / "a" / "images" / "pet", {"one": label_map(), "two": label_map()})
    with pytest.raises(InputError, match=r"must have one pet, but .* has one.nii.gz, two.nii.gz"):
        find_images(tmp_path, ["a"])
