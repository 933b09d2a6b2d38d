import os

import pytest

from containers.hecktor.spec import CT, SPEC
from hnseg.cohort.finding.find import find_cohort
from hnseg.errors import InputError
from tests.support.cohort_files import touch


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        ("a/input/images/ct/x.mha", "folders"),
        ("a/images/ct/x.mha", "folders"),
        ("sub-01/images/ct/x.mha", "folders"),
        ("a_0000.nii.gz", "nnunet"),
        ("sub-01/ct/sub-01_ct.nii.gz", "bids"),
    ],
)
def test_the_layout_is_that_of_the_files(tmp_path, name, layout):
    (path,) = touch(tmp_path, name)
    found = find_cohort(tmp_path, SPEC)
    assert found.layout == layout
    assert [case.inputs.images for case in found.cases] == [{CT: path}]


def test_a_file_is_a_list_of_cases(tmp_path):
    touch(tmp_path, "ct.mha")
    (tmp_path / "list.csv").write_text(f"case,{CT}\na,ct.mha\n")
    assert find_cohort(tmp_path / "list.csv", SPEC).layout == "csv"


def test_paths_are_absolute(tmp_path, monkeypatch):
    (path,) = touch(tmp_path, "cases/a_0000.mha")
    monkeypatch.chdir(tmp_path)
    (case,) = find_cohort(path.parent.relative_to(tmp_path), SPEC).cases
    assert case.inputs.images == {CT: path}


def test_two_layouts_at_once_are_refused(tmp_path):
    touch(tmp_path, "a_0000.mha", "sub-01/ct/sub-01_ct.mha", "b/images/ct/x.mha")
    with pytest.raises(
        InputError, match=r"folders of cases \(b\) and images numbered by channel \(a_0000.mha\) and BIDS"
    ):
        find_cohort(tmp_path, SPEC)


def test_a_source_without_a_case_is_refused_with_all_layouts(tmp_path):
    touch(tmp_path, "notes.txt")
    with pytest.raises(InputError) as refused:
        find_cohort(tmp_path, SPEC)
    for sign in (
        "CASE/input/images/ct/IMAGE or CASE/images/ct/IMAGE",
        "case, ct-image, pet-image, electronic-health-record",
        "CASE_0001.nii.gz is the PET",
        "sub-01_ct.nii.gz is the CT",
    ):
        assert sign in str(refused.value)


def test_an_empty_list_has_no_case(tmp_path):
    (tmp_path / "list.csv").write_text(f"case,{CT}\n")
    with pytest.raises(InputError, match="has none of them"):
        find_cohort(tmp_path / "list.csv", SPEC)


def test_a_missing_source_is_refused(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        find_cohort(tmp_path / "nowhere", SPEC)


@pytest.mark.parametrize("name", ["a/images/ct/x.mha", "a_0000.mha", "sub-01/ct/sub-01_ct.mha"])
@pytest.mark.parametrize("make", [lambda path: path.symlink_to("/nowhere/x.mha"), os.mkfifo], ids=["link", "pipe"])
def test_an_image_that_is_no_file_is_a_problem(tmp_path, name, make):
    (path,) = touch(tmp_path, name)
    path.unlink()
    make(path)
    (case,) = find_cohort(tmp_path, SPEC).cases
    assert case.problem.startswith(f"Every image must be a file, but the CT {path} is none. Does a link lead nowhere")
