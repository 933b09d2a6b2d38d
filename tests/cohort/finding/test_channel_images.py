import pytest

from hnseg.cohort.finding.channel_images import find_channel_images, keys_of
from hnseg.errors import InputError
from tests.support.cohort_files import touch


def test_numbered_images_are_channels(tmp_path):
    first, second = touch(tmp_path, "a_0000.nii.gz", "a_0001.nii.gz")
    found = find_channel_images(tmp_path, ["CT", "PET"])
    assert [(case.name, case.inputs.images) for case in found.cases] == [("a", {"CT": first, "PET": second})]
    assert found.layout == "nnunet"


def test_channels_of_one_name_are_told_apart(tmp_path):
    paths = touch(tmp_path, "a_0000.mha", "a_0001.mha")
    (case,) = find_channel_images(tmp_path, ["MR", "MR"]).cases
    assert case.inputs.images == dict(zip(keys_of(["MR", "MR"]), paths, strict=True))


def test_plain_images_are_the_cases_of_a_model_of_one_channel(tmp_path):
    one, two, ignored = touch(tmp_path, "a.nii.gz", "b.mha", "notes.txt")
    found = find_channel_images(tmp_path, ["CT"])
    assert [(case.name, case.inputs.images["CT"]) for case in found.cases] == [("a", one), ("b", two)]
    assert (found.layout, found.ignored) == ("images", (ignored,))


def test_a_missing_channel_is_its_cases_problem(tmp_path):
    touch(tmp_path, "a_0000.mha", "b_0000.mha", "b_0001.mha")
    one, two = find_channel_images(tmp_path, ["CT", "PET"]).cases
    assert "must have the image of channel PET, but a has none" in one.problem
    assert two.problem == ""


@pytest.mark.parametrize(
    ("names", "channels", "sentence"),
    [
        (
            ["a.mha"],
            ["CT", "PET"],
            r"CASE_0000.nii.gz \(CT\), CASE_0001.nii.gz \(PET\).* holds a.mha without a channel",
        ),
        (["a.txt"], ["CT"], "or CASE.nii.gz, .* holds no such image"),
        (["a.mha", "a.nii"], ["CT"], "holds a in 2 formats"),
    ],
    ids=["unnumbered", "none", "two formats"],
)
def test_a_folder_that_is_not_understood_is_refused(tmp_path, names, channels, sentence):
    touch(tmp_path, *names)
    with pytest.raises(InputError, match=sentence):
        find_channel_images(tmp_path, channels)
