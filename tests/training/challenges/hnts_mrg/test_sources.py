import pytest

from hnseg.errors import InputError
from hnseg_training.challenges.hnts_mrg.sources import find_sources

FILES = (
    "preRT/{}_preRT_T2", "preRT/{}_preRT_mask", "midRT/{}_midRT_T2", "midRT/{}_midRT_mask",
    "midRT/{}_preRT_T2_registered", "midRT/{}_preRT_mask_registered",
)  # fmt: skip


@pytest.fixture
def root(tmp_path):
    """Two patients by the names of their files, which are empty."""
    folder = tmp_path / "HNTSMRG24_train"
    for name in ("10", "2"):
        for file in FILES:
            path = folder / name / f"{file.format(name)}.nii.gz"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    return folder


def test_patients_are_in_the_order_of_their_numbers_with_two_visits(root):
    finding = find_sources(root.parent)
    assert [source.name for source in finding.sources] == ["2", "10"]
    assert not finding.problems
    assert not finding.leftovers  # the registered T2w is known
    mid, pre = finding.sources[0].visits
    assert (mid.sample, mid.prior.name, pre.sample) == ("2", "2_preRT_mask_registered.nii.gz", "2pre")
    assert pre.prior == pre.truth
    assert len(finding.sources[0].files) == 5


def test_missing_files_and_folders_are_problems(root):
    (root / "2/midRT/2_midRT_mask.nii.gz").rename(root / "2/midRT/2_midRT_mask.nii.gz.part")
    (root / "10/preRT").rename(root / "10/pre")
    finding = find_sources(root)
    assert not finding.sources
    assert [problem.patient for problem in finding.problems] == ["2", "10", "10"]
    assert "but only 2_midRT_mask.nii.gz.part is there" in finding.problems[0].sentence
    assert "10_preRT_T2.nii.gz must be there, but there is no preRT" in finding.problems[1].sentence
    assert "10/pre/" in finding.leftovers


def test_two_files_for_one_image_are_a_problem(root):
    (root / "2/midRT/2_midRT_T2.nii").touch()
    (problem,) = find_sources(root).problems
    assert "must have one file, but there are" in problem.sentence


def test_other_folders_are_named(root):
    (root / "2_v2").mkdir()
    assert find_sources(root).leftovers == ["2_v2/"]


def test_a_folder_without_patients_is_refused(tmp_path):
    with pytest.raises(InputError, match="there is no patient's folder in it"):
        find_sources(tmp_path)
