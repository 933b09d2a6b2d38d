"""Files of two folders find their partners, or a sentence says which don't."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.evaluation.pairs import FilePair, pair_files


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
    pairs = pair_files(*folders(predictions, references))
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
    with pytest.raises(InputError, match=rf"must be a readable image, but .*{name} can't be read .*cut off or damaged"):
        FilePair("a", file, file).read()


@pytest.mark.parametrize(
    ("image", "found"),
    [
        (sitk.Image(4, 4, sitk.sitkUInt8), "2 dimensions and 1 values"),
        (sitk.Image([2, 2, 2, 2], sitk.sitkUInt8), "4 dimensions and 1 values"),
        (sitk.Image([2, 2, 2], sitk.sitkVectorUInt8, 3), "3 dimensions and 3 values"),
    ],
)
def test_an_image_that_is_no_volume_of_labels_is_refused(tmp_path, image, found):
    sitk.WriteImage(image, tmp_path / "a.mha")
    with pytest.raises(InputError, match=rf"must be 3-D with one value a voxel, but .*a\.mha has {found}"):
        FilePair("a", tmp_path / "a.mha", tmp_path / "a.mha").read()
