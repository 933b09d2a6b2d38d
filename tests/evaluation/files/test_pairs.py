"""Files of two folders are paired, or an error names those without a partner."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.evaluation.files.pairs import FilePair, pair_files


@pytest.fixture
def folders(tmp_path):
    """Return a function that makes a folder of predictions and one of references with files of these names."""

    def make(predictions: list[str], references: list[str]) -> tuple[Path, Path]:
        for folder, names in (("predictions", predictions), ("references", references)):
            (tmp_path / folder).mkdir()
            for name in names:
                (tmp_path / folder / name).touch()
        return tmp_path / "predictions", tmp_path / "references"

    return make


@pytest.mark.parametrize(
    ("predictions", "references", "names"),
    [
        (["b.nii.gz", "a.mha"], ["a.nrrd", "b.mha"], ["a", "b"]),
        (["8_preRT_mask_registered.nii.gz", "77_x.mha"], ["77_midRT_mask.nii.gz", "8_midRT_mask.nii.gz"], ["77", "8"]),
        (["case_001.mha", "case_002.mha"], ["case_001_mask.mha", "case_002_mask.mha"], ["case_001", "case_002"]),
        (["77_a.mha", "77_b.mha"], ["77_b.mha", "77_a.mha"], ["77_a", "77_b"]),
        (["a.mha", "scores.json", "._a.mha"], ["a.mha", "README.md"], ["a"]),
    ],
    ids=["equal stems", "IDs as in the public data set", "words before the number", "stems go first", "other files"],
)
def test_files_are_paired(folders, predictions, references, names):
    pairs = pair_files(*folders(predictions, references)).pairs
    assert [pair.name for pair in pairs] == names
    for pair in pairs:
        assert pair.prediction.name.startswith(pair.name)
        assert pair.reference.name.startswith(pair.name)


@pytest.mark.parametrize(
    ("predictions", "references", "sentence"),
    [
        (["a.mha"], ["a.mha", "b.mha", "c.mha"], r"references must have a partner .*predictions.* none: b.mha, c.mha"),
        (["a.mha", "b.mha"], ["a.mha"], r"predictions must have a partner .*references.* none: b.mha"),
        (["a.mha"], ["b.mha"], r"none: a.mha\. Is a case missing, or named otherwise"),
        (["a.mha", "77_b.mha"], ["a.mha", "77_c.mha"], r"none: 77_b.mha"),
        (["77_a.mha", "77_b.mha"], ["77_c.mha"], r"predictions these bear the same .*: 77_a.mha, 77_b.mha"),
        (["a.mha", "a.nii.gz"], ["a.mha"], r"predictions these bear the same .*: a.mha, a.nii.gz"),
        ([], ["a.mha"], r"must hold label maps \(.mha, .*\), but .*predictions has none"),
    ],
)
def test_files_without_exactly_one_partner_are_refused_by_name(folders, predictions, references, sentence):
    with pytest.raises(InputError, match=sentence):
        pair_files(*folders(predictions, references))


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(InputError, match="nowhere does not exist"):
        pair_files(tmp_path / "nowhere", tmp_path)


@pytest.mark.parametrize("name", ["a.mha", "a.nii.gz"])
def test_a_truncated_file_is_named(tmp_path, name):
    file = tmp_path / name
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((4, 4, 4), np.uint8)), file)
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(
        InputError,
        match=rf"case a must be a readable image, but .*{name} can't be read .*cut off or damaged",
    ):
        FilePair("a", file, file).read()


@pytest.mark.parametrize(
    ("image", "found"),
    [
        (sitk.Image(4, 4, sitk.sitkUInt8), r"must be one 3-D image, but .*a\.mha is 2-D"),
        (sitk.Image([2, 2, 2, 2], sitk.sitkUInt8), r"must be one 3-D image, but .*a\.mha is 4-D"),
        (
            sitk.Image([2, 2, 2], sitk.sitkVectorUInt8, 3),
            r"must have one real number a voxel, but .*a\.mha has a vec",
        ),
    ],
)
def test_an_image_that_is_no_volume_of_labels_is_refused(tmp_path, image, found):
    sitk.WriteImage(image, tmp_path / "a.mha")
    with pytest.raises(InputError, match=f"The prediction of case a {found}"):
        FilePair("a", tmp_path / "a.mha", tmp_path / "a.mha").read()


@pytest.mark.parametrize("leave_out_missing", [False, True])
def test_a_prediction_without_a_reference_is_always_refused(folders, leave_out_missing):
    with pytest.raises(InputError, match=r"predictions must have a partner .*references.* none: b\.mha"):
        pair_files(*folders(["a.mha", "b.mha"], ["a.mha", "c.mha"]), leave_out_missing=leave_out_missing)


def test_references_without_a_prediction_may_be_left_out(folders):
    pairing = pair_files(*folders(["CHUM-002.nii.gz"], ["CHUM-002.nii.gz", "CHUM-001.nii.gz"]), leave_out_missing=True)
    assert [pair.name for pair in pairing.pairs] == ["CHUM-002"]
    assert pairing.unpredicted == ("CHUM-001",)


def test_what_belongs_to_no_case_is_noted(folders):
    pairing = pair_files(*folders(["a.mha", "scores.json", "._a.mha"], ["a.NII.GZ", "README.md"]))
    assert pairing.notes == (
        "Not taken from the predictions: 1 (scores.json).",
        "Not taken from the references: 1 (README.md).",
    )


@pytest.mark.parametrize("leave_out_missing", [False, True])
def test_a_pair_in_another_format_is_refused(folders, leave_out_missing):
    with pytest.raises(InputError, match=r"predictions/b\.hdr has another suffix, so that its case would be left out"):
        pair_files(*folders(["a.mha", "b.hdr"], ["a.mha", "b.hdr"]), leave_out_missing=leave_out_missing)


@pytest.fixture
def tree(tmp_path):
    """Return a function that makes empty files in a folder of this name."""

    def make(folder: str, *files: str) -> Path:
        for file in files:
            path = tmp_path / folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return tmp_path / folder

    return make


def test_a_containers_outputs_find_the_references_beside_their_inputs(tree):
    predictions = tree("predictions", "case_000/output/images/tumour/output.mha", "case_000/output/t-stage.json")
    references = tree(
        "references",
        *("case_000/input/images/ct/a.mha", "case_000/expected/images/tumour/output.mha"),
        *("case_000/expected/images/tumour-of-last-year/output.mha", "case_000/expected/t-stage.json"),
    )
    (pair,) = pair_files(predictions, references).pairs
    assert pair == FilePair(
        "case_000",
        predictions / "case_000/output/images/tumour/output.mha",
        references / "case_000/expected/images/tumour/output.mha",
        (predictions / "case_000/output/t-stage.json",),
        (references / "case_000/expected/t-stage.json",),
    )


def test_a_case_with_two_label_maps_and_no_partner_for_either_is_refused(tree):
    two = ("a/images/one/output.mha", "a/images/two/output.mha")
    with pytest.raises(InputError, match="one label map to score, but a has one, two predicted and one, two as refer"):
        pair_files(tree("predictions", *two), tree("references", *two))


def test_values_are_read_with_the_label_maps(tmp_path, make_label_map):
    for folder, values in (("predictions", '{"t-stage": "T2", "rfs": 812.5}'), ("references", '{"t-stage": "T1"}')):
        (tmp_path / folder).mkdir()
        sitk.WriteImage(make_label_map(), tmp_path / folder / "a.nii.gz")
        (tmp_path / folder / "a.json").write_text(values)
    (files,) = pair_files(tmp_path / "predictions", tmp_path / "references").pairs
    pair = files.read()
    assert pair.predicted == {"t-stage": "T2", "rfs": 812.5}
    assert pair.expected == {"t-stage": "T1"}


def test_a_folder_of_images_without_a_label_map_is_refused_or_left_out(tree):
    predictions = tree("predictions", "1/images/tumour/x.mha", "2/x.mha")
    references = tree("references", "1/images/tumour/x.mha", "2/images/tumour/x.mha")
    with pytest.raises(InputError, match=r"partner .* these have none: 2\."):
        pair_files(predictions, references)
    assert pair_files(predictions, references, leave_out_missing=True).unpredicted == ("2",)
    tree("references", "3/x.mha")
    with pytest.raises(InputError, match=r"with images in .*references must have the label map of its case, but 3 has"):
        pair_files(predictions, references, leave_out_missing=True)


def test_another_layout_beside_label_maps_is_refused(tree):
    files = ("1.mha", "2/2.mha")
    with pytest.raises(
        InputError, match=r"label map of its case, but 2 has none that is taken\. Are two layouts mixed"
    ):
        pair_files(tree("predictions", *files), tree("references", *files))
