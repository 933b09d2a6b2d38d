import pytest

from hnseg.errors import InputError
from hnseg_training.dataset.survey.data_folder import data_folder


def found(source):
    return data_folder(source, lambda path: path.name.startswith("case_"), layout="case_01 and so on")


@pytest.mark.parametrize("inside", ["", "set_1", "HaN-Seg/set_1", "HaN-Seg/HaN-Seg/set_1"])
def test_the_folder_may_lie_deeper_as_archives_unpack(tmp_path, inside):
    (tmp_path / inside / "case_01" / "case_99").mkdir(parents=True)
    (tmp_path / "__MACOSX" / "case_01").mkdir(parents=True)
    assert found(tmp_path) == tmp_path / inside


def test_two_folders_of_patients_are_not_chosen_between(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name / "case_01").mkdir(parents=True)
    with pytest.raises(InputError, match="must hold one folder of patients, but a and b are such folders"):
        found(tmp_path)


@pytest.mark.parametrize("inside", ["", "a/b/c/d/case_01"])
def test_a_folder_without_patients_is_refused(tmp_path, inside):
    (tmp_path / inside).mkdir(parents=True, exist_ok=True)
    with pytest.raises(InputError, match="must hold case_01 and so on, but there is no patient's folder in it"):
        found(tmp_path)
