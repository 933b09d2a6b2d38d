from pathlib import Path

from containers.hecktor.spec import CT, PET, SPEC
from hnseg.cohort.finding.nnunet import find_numbered, is_numbered
from hnseg.cohort.finding.slots import slots_of
from tests.support.cohort_files import touch

SLOTS = slots_of(SPEC)[:2]


def test_channel_k_is_the_k_th_image_in_any_format(tmp_path):
    ct, pet, other = touch(tmp_path, "HN_01_0000.nii.gz", "HN_01_0001.nrrd", "HN_02_0000.NII.GZ")
    one, two = find_numbered(tmp_path, SLOTS).cases
    assert (one.name, one.inputs.images) == ("HN_01", {CT: ct, PET: pet})
    assert (two.name, two.inputs.images, two.problem) == ("HN_02", {CT: other}, "")


def test_what_is_no_channel_is_listed(tmp_path):
    ignored = touch(tmp_path, "a_0002.nii.gz", "dataset.json", "plain.nii.gz")
    touch(tmp_path, "a_0000.nii.gz", "._a_0000.nii.gz")
    assert find_numbered(tmp_path, SLOTS).ignored == tuple(ignored)


def test_a_missing_channel_and_one_in_two_formats_are_problems(tmp_path):
    touch(tmp_path, "a_0001.mha", "b_0000.mha", "b_0000.nii.gz")
    missing, doubled = find_numbered(tmp_path, SLOTS).cases
    assert "must have the CT, but a has none" in missing.problem
    assert "b has 2: b_0000.mha, b_0000.nii.gz" in doubled.problem


def test_a_number_has_four_digits_before_the_suffix_of_an_image():
    names = ("a_0000.mha", "a_000.mha", "a_00000.mha", "_0000.mha", "a_0000.txt", "a_0000", "a_0000.tif")
    assert [name for name in names if is_numbered(Path(name))] == ["a_0000.mha"]
