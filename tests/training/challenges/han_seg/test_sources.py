import pytest

from hnseg.errors import InputError
from hnseg_training.challenges.han_seg.sources import find_sources
from tests.support.tiny_han_seg import ORGANS

NAMES = ("case_01", "case_02")


@pytest.fixture
def root(tmp_path):
    """Two patients by the names of their files, which are empty."""
    folder = tmp_path / "HaN-Seg" / "set_1"
    for name in NAMES:
        (folder / name).mkdir(parents=True)
        for part in ("IMG_CT.nrrd", "IMG_MR_T1.nrrd", *(f"OAR_{organ}.seg.nrrd" for organ in ORGANS)):
            (folder / name / f"{name}_{part}").touch()
    return folder


def names_of(finding):
    return [source.name for source in finding.sources]


def problems_of(root):
    return [(problem.patient, problem.sentence) for problem in find_sources(root).problems]


@pytest.mark.parametrize("up", [0, 1, 2])
def test_the_source_may_be_any_of_the_folders(root, up):
    finding = find_sources([root, *root.parents][up])
    assert names_of(finding) == list(NAMES)
    assert not finding.problems
    assert not finding.leftovers
    assert sorted(finding.sources[0].masks) == sorted(ORGANS)
    assert len(finding.sources[0].files) == 2 + len(ORGANS)


def test_other_folders_and_files_are_named(root):
    (root / "notes").mkdir()
    (root / "OAR_data.csv").touch()
    (root / "case_01" / "read me.txt").touch()
    finding = find_sources(root)
    assert names_of(finding) == list(NAMES)
    assert finding.leftovers == ["OAR_data.csv", "case_01/read me.txt", "notes/"]


@pytest.mark.parametrize("name", ["case_02_OAR_Tongue.seg.nrrd", "case_03_OAR_Eye_PR.seg.nrrd", "case_02_OAR_a.zip"])
def test_a_mask_of_no_organ_or_of_another_patient_is_a_problem(root, name):
    (root / "case_02" / name).touch()
    ((patient, sentence),) = problems_of(root)
    assert patient == "case_02"
    assert sentence.startswith("Masks must be named case_02_OAR_<organ>.seg.nrrd after one of HaN-Seg's 30 organs")
    assert f"{name}. Was it renamed, or does it belong to another patient or data set?" in sentence


def test_suffixes_in_capitals_and_other_formats_are_taken(root):
    folder = root / "case_02"
    (folder / "case_02_OAR_Eye_PR.seg.nrrd").rename(folder / "case_02_OAR_Eye_PR.SEG.NRRD")
    (folder / "case_02_OAR_Eye_PL.seg.nrrd").rename(folder / "case_02_OAR_Eye_PL.nii.gz")
    (folder / "case_02_IMG_CT.nrrd").rename(folder / "case_02_IMG_CT.NRRD")
    (folder / "._case_02_OAR_Eye_PR.seg.nrrd").touch()
    found = find_sources(root).sources[1]
    assert (found.masks["Eye_PR"].name, found.ct.name) == ("case_02_OAR_Eye_PR.SEG.NRRD", "case_02_IMG_CT.NRRD")
    assert found.masks["Eye_PL"].name == "case_02_OAR_Eye_PL.nii.gz"
    assert not problems_of(root)


def test_missing_files_are_problems_of_their_patients(root):
    ct = root / "case_01" / "case_01_IMG_CT.nrrd"
    ct.rename(ct.with_name("case_01_IMG_CT.nrrd.gz"))
    for path in (root / "case_02").glob("*_OAR_*"):
        path.unlink()
    (first, of_ct), (second, of_masks) = problems_of(root)
    assert (first, second) == NAMES
    assert "must hold the CT case_01_IMG_CT.nrrd, but only case_01_IMG_CT.nrrd.gz is there. Was it compressed" in of_ct
    assert "case_02 must hold the organs' masks, but there is none." in of_masks
    assert not find_sources(root).sources


def test_two_files_of_one_organ_are_a_problem_and_the_first_is_looked_at(root):
    (root / "case_01" / "case_01_OAR_Eye_PL.nii.gz").touch()
    finding = find_sources(root)
    assert "there are" in finding.problems[0].sentence
    assert names_of(finding) == list(NAMES)


def test_a_patient_without_an_mr_has_none(root):
    (root / "case_01" / "case_01_IMG_MR_T1.nrrd").unlink()
    assert [source.mr is None for source in find_sources(root).sources] == [True, False]


def test_a_folder_without_patients_is_refused(tmp_path):
    with pytest.raises(InputError, match="there is no patient's folder in it"):
        find_sources(tmp_path)
