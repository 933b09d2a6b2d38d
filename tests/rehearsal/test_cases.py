import pytest

from hnseg.errors import InputError
from hnseg.rehearsal.cases import find_cases, first_image


def test_a_case_is_a_folder_with_an_input_or_an_input_itself(case_dir):
    (both,) = find_cases([case_dir])
    assert both.input_dir == case_dir / "input"
    assert both.reference("images/mri-head-neck-segmentation").name == "output.mha"
    (bare,) = find_cases([case_dir / "input"])
    assert bare.input_dir == case_dir / "input"


def test_something_else_is_refused(tmp_path):
    with pytest.raises(InputError, match="has no input folder"):
        find_cases([tmp_path])


def test_two_cases_of_one_name_are_refused(case_dir):
    with pytest.raises(InputError, match="occur twice: case_000"):
        find_cases([case_dir, case_dir])


def test_cases_are_sorted_by_name(tmp_path):
    for name in ("b", "a"):
        (tmp_path / name / "input").mkdir(parents=True)
    assert [case.name for case in find_cases([tmp_path / "b", tmp_path / "a"])] == ["a", "b"]


def test_the_first_image_is_the_first_file_with_an_images_suffix(tmp_path):
    assert first_image(tmp_path / "nothing") is None
    for name in ("a.txt", "b.nii.gz", "c.mha"):
        (tmp_path / name).touch()
    assert first_image(tmp_path) == tmp_path / "b.nii.gz"


def test_a_case_whose_path_is_not_utf_8_is_refused(tmp_path):
    case = tmp_path / "caf\udce9" / "case"  # a byte that is no UTF-8, as Python gives it
    (case / "input").mkdir(parents=True)
    with pytest.raises(InputError, match=r"path in UTF-8, but .*caf\\udce9/case is not"):
        find_cases([case])
