import numpy as np
import pytest
import SimpleITK as sitk
from pydantic import ValidationError

from hnseg.errors import InputError
from hnseg.imaging.geometry import Grid
from hnseg.platform.input_files import InputFiles
from hnseg.platform.reading import find_input_files, read_case, read_reference_grid
from hnseg.platform.spec import InputSocket


@pytest.fixture
def mask():
    """Background, one voxel of either label; (z, y, x) = (3, 4, 5)."""
    array = np.zeros((3, 4, 5), np.uint8)
    array[1, 2, 3], array[2, 0, 0] = 1, 2
    return array


def test_each_socket_is_read_and_the_reference_is_the_outputs(spec, input_dir, put, make_image, mask):
    scan = put(make_image())
    put(make_image(mask), "images/prior")
    case = read_case(spec, input_dir)
    assert set(case.images) == {"scan", "prior"}
    assert case.files["scan"] == scan
    assert Grid.of(case.reference) == Grid.of(make_image())
    assert np.array_equal(sitk.GetArrayFromImage(case.images["prior"]), mask)
    assert case.images["prior"].GetPixelID() == sitk.sitkUInt8
    assert case.images["scan"].GetPixelID() == sitk.sitkInt16


@pytest.mark.parametrize("case", [str.lower, str.upper])
@pytest.mark.parametrize("name", ["a.mha", "a.nii.gz", "a.nrrd"])
def test_every_promised_format_is_read(spec, input_dir, put, make_image, name, case):
    path = put(make_image(), name=name)
    path.rename(path.with_name(case(name)))
    assert np.array_equal(sitk.GetArrayFromImage(read_case(spec, input_dir).reference), np.arange(60).reshape(3, 4, 5))


def test_the_input_may_be_a_read_only_symbolic_link(spec, input_dir, put, make_image, tmp_path):
    put(make_image())
    link = tmp_path / "link"
    link.symlink_to(input_dir)
    for folder in (input_dir, input_dir / "images", input_dir / "images/the-scan"):
        folder.chmod(0o555)
    assert set(read_case(spec, link).images) == {"scan"}


def test_hidden_files_and_others_beside_the_image_are_passed_over(spec, input_dir, put, make_image):
    path = put(make_image())
    for name in (".DS_Store", "._0a1b.mha", "notes.txt"):
        (path.parent / name).write_text("x")
    assert read_case(spec, input_dir).files["scan"] == path


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, np.float64])
def test_a_label_map_of_any_type_with_whole_numbers_becomes_uint8(spec, input_dir, put, make_image, mask, dtype):
    put(make_image())
    put(make_image(mask.astype(dtype)), "images/prior")
    prior = read_case(spec, input_dir).images["prior"]
    assert prior.GetPixelID() == sitk.sitkUInt8
    assert np.array_equal(sitk.GetArrayFromImage(prior), mask)


def test_an_empty_label_map_is_fine(spec, input_dir, put, make_image, mask):
    put(make_image())
    put(make_image(np.zeros_like(mask)), "images/prior")
    assert read_case(spec, input_dir).has("scan", "prior")


def refusal(spec, input_dir):
    with pytest.raises(InputError) as caught:
        read_case(spec, input_dir)
    return str(caught.value)


@pytest.mark.parametrize(
    ("make", "state"),
    [
        pytest.param(lambda _: None, "can't be listed (No such file or directory)", id="no folder"),
        pytest.param(lambda folder: folder.mkdir(parents=True), "is empty", id="empty folder"),
        pytest.param(
            lambda folder: (folder / "x.dcm").mkdir(parents=True), "holds only x.dcm", id="a folder of something else"
        ),
    ],
)
def test_a_missing_image_is_named_with_its_folder(spec, input_dir, make, state):
    folder = input_dir / "images/the-scan"
    make(folder)
    assert refusal(spec, input_dir) == (
        f"Exactly one image, the scan, must lie in {folder}, but the folder {state}."
        " Is the input mounted there, as one of .mha, .nii.gz, .nrrd?"
    )


def test_two_images_in_a_folder_are_both_named(spec, input_dir, put, make_image):
    put(make_image())
    put(make_image(), name="2c3d.nii.gz")
    assert "the scan, must lie in" in refusal(spec, input_dir)
    assert "but there are 2: 0a1b.mha, 2c3d.nii.gz. Was more than one case" in refusal(spec, input_dir)


def test_two_images_of_an_optional_socket_are_refused_too(spec, input_dir, put, make_image):
    put(make_image())
    put(make_image(), "images/extra", "a.mha")
    put(make_image(), "images/extra", "b.mha")
    assert "Exactly one image, the extra scan" in refusal(spec, input_dir)


def test_an_image_given_as_mask_names_only_some_of_its_values(spec, input_dir, put, make_image):
    put(make_image())
    put(make_image(), "images/prior")  # counts from 0 to 59
    assert "also holds 3, 4, 5, 6, 7 and more." in refusal(spec, input_dir)


def test_a_mask_on_another_size_names_both_files(spec, input_dir, put, make_image):
    scan = put(make_image())
    prior = put(make_image(np.zeros((3, 4, 6), np.uint8)), "images/prior")
    assert refusal(spec, input_dir) == (
        f"The prior mask must lie on the grid of the scan, but {prior} has size (6, 4, 3) instead of (5, 4, 3) in"
        f" {scan}. Was an image given that was not resampled onto the scan?"
    )


def test_a_shifted_mask_is_refused_with_the_distance(spec, input_dir, put, make_image, mask):
    scan = put(make_image())
    prior = put(make_image(mask, origin_mm=(-100.1, 33.3, 1 / 7 + 0.25)), "images/prior")
    assert (
        f"{prior} has origin (-100.1, 33.3, 0.3929) instead of (-100.1, 33.3, 0.1429)"
        f" (voxels are up to 0.25 mm off) in {scan}."
    ) in refusal(spec, input_dir)


def test_a_difference_below_a_thousandth_of_a_mm_is_the_same_grid(spec, input_dir, put, make_image, mask):
    put(make_image())
    put(make_image(mask, origin_mm=(-100.1, 33.3005, 1 / 7)), "images/prior")
    assert read_case(spec, input_dir).has("prior")


def test_the_references_grid_needs_only_its_header(spec, input_dir, put, make_image):
    path = put(make_image(), compress=False)
    path.write_bytes(path.read_bytes()[:-20])
    assert read_reference_grid(spec, input_dir) == Grid.of(make_image())


def test_without_a_reference_there_is_no_grid(spec, input_dir):
    with pytest.raises(InputError, match="Exactly one image, the scan, must lie in"):
        read_reference_grid(spec, input_dir)


@pytest.fixture
def forgiving(spec):
    """The challenge, whose method can do without the extra scan."""
    extra = spec.input("extra").model_copy(update={"dispensable": True})
    return spec.model_copy(update={"inputs": (*spec.inputs[:2], extra)})


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-20]), "The extra scan must be a readable image"),
        (lambda path: sitk.WriteImage(sitk.Image([4, 5], sitk.sitkInt16), str(path)), "The extra scan must be one 3-D"),
        (lambda path: sitk.WriteImage(sitk.Image([4, 5, 3], sitk.sitkInt16), str(path)), "The extra scan must show so"),
    ],
    ids=["cut", "flat", "constant"],
)
def test_a_broken_image_that_can_be_done_without_is_left_out_with_its_sentence(
    forgiving, input_dir, put, make_image, spoil, said
):
    scan = put(make_image())
    spoil(put(make_image(), "images/extra"))
    case = read_case(forgiving, input_dir)
    assert set(case.images) == {"scan"}
    assert case.files == {"scan": scan}
    assert list(case.left_out) == ["extra"]
    assert case.left_out["extra"].startswith(said)


def test_a_sound_image_that_can_be_done_without_is_read(forgiving, input_dir, put, make_image):
    put(make_image())
    put(make_image(), "images/extra")
    case = read_case(forgiving, input_dir)
    assert case.has("scan", "extra")
    assert case.left_out == {}


def test_two_images_that_can_be_done_without_are_still_refused(forgiving, input_dir, put, make_image):
    put(make_image())
    put(make_image(), "images/extra", "a.mha")
    put(make_image(), "images/extra", "b.mha")
    assert "Exactly one image, the extra scan, must lie in" in refusal(forgiving, input_dir)


def test_only_an_optional_image_can_be_done_without():
    with pytest.raises(ValidationError, match="extra can only be dispensable if it is optional"):
        InputSocket(slug="extra", relative_path="images/extra", title="extra scan", dispensable=True, required=True)


def test_a_grid_that_is_close_is_taken_for_the_promised_one_with_a_note(spec, input_dir, put, make_image, mask):
    put(make_image())
    put(make_image(mask, origin_mm=(-100.1, 33.3, 1 / 7 + 0.016)), "images/prior")  # a third of a mm is a voxel
    case = read_case(spec, input_dir)
    assert Grid.of(case.images["prior"]) == Grid.of(make_image())
    assert np.array_equal(sitk.GetArrayFromImage(case.images["prior"]), mask)
    assert case.notes == (
        "The voxels of the prior mask are up to 0.016 mm off the grid of the scan, under a twentieth of a voxel; they"
        " were taken to lie on it.",
    )


def test_a_label_map_that_can_be_done_without_is_resampled_with_a_note(spec, input_dir, put, make_image, mask):
    scan = put(make_image())
    prior = put(make_image(mask[:, :, :-1]), "images/prior")
    loose = spec.input("prior").model_copy(update={"dispensable": True})
    case = read_case(spec.model_copy(update={"inputs": (spec.inputs[0], loose)}), input_dir)
    expected = mask.copy()
    expected[:, :, -1] = 0
    assert np.array_equal(sitk.GetArrayFromImage(case.images["prior"]), expected)
    assert Grid.of(case.images["prior"]) == Grid.of(make_image())
    assert case.notes == (
        f"The prior mask was resampled onto the grid of the scan, because {prior} has size (4, 4, 3) instead of"
        f" (5, 4, 3) in {scan}.",
    )


def test_an_image_that_can_be_done_without_is_left_out_on_another_grid(spec, input_dir, put, make_image):
    put(make_image())
    put(make_image(origin_mm=(0, 0, 0)), "images/extra")
    loose = spec.input("extra").model_copy(update={"dispensable": True, "on_grid_of": "scan"})
    case = read_case(spec.model_copy(update={"inputs": (spec.inputs[0], loose)}), input_dir)
    assert set(case.images) == set(case.files) == {"scan"}
    assert case.left_out["extra"].startswith("The extra scan must lie on the grid of the scan, but")


def test_a_link_that_leaves_the_input_is_refused(spec, input_dir, put, make_image, tmp_path):
    scan = put(make_image())
    scan.rename(tmp_path / "outside.mha")
    scan.symlink_to(tmp_path / "outside.mha")
    assert refusal(spec, input_dir).startswith(f"The scan must lie inside {input_dir}, but {scan} is a link to")


def test_files_named_one_by_one_are_read_wherever_they_lie(spec, put, make_image, tmp_path):
    scan = put(make_image())
    elsewhere = scan.rename(tmp_path / "patient.mha")
    case = read_case(spec, InputFiles(images={"scan": elsewhere}, notes=("A note.",)))
    assert case.files == {"scan": elsewhere}
    assert case.notes == ("A note.",)


def test_the_files_of_a_mounted_case_are_found_without_opening_them(spec, input_dir, put, make_image):
    scan = put(make_image())
    scan.write_bytes(b"no image")
    assert find_input_files(spec, input_dir) == InputFiles(images={"scan": scan}, inside=input_dir)


def test_a_required_image_that_was_not_named_is_asked_for(spec):
    with pytest.raises(InputError, match="must have the scan, but none was given for scan"):
        read_case(spec, InputFiles(images={}))
