"""Cases for a grading, in a table or a folder."""

import pytest

from hnseg.errors import InputError
from hnseg.robustness.grading.sheet.cases import find_cases
from hnseg.robustness.scores.record import BASELINE, Variant


def folder_of(tmp_path, *files):
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_a_folder_a_case(tmp_path):
    folder = folder_of(tmp_path, "b/ct.mha", "b/segmentation.nii.gz", "a/pet.mha", "a/ct.mha", "a/segmentation.mha")
    first, second = find_cases(folder)
    assert (first.item, [path.name for path in first.images]) == (("a", BASELINE), ["ct.mha", "pet.mha"])
    assert (second.item, second.label_map.name) == (("b", BASELINE), "segmentation.nii.gz")


def test_a_table_names_files_and_variants(tmp_path):
    table = tmp_path / "cases.csv"
    table.write_text("case,image,label_map,modality,kind,severity\na,ct.mha|pet.mha,out/a.mha,CT,spike,2\n")
    (case,) = find_cases(table)
    assert case.item == ("a", Variant("CT", "spike", 2))
    assert case.images == (tmp_path / "ct.mha", tmp_path / "pet.mha")
    assert case.label_map == tmp_path / "out/a.mha"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("case,image\na,ct.mha\n", "does not do so for label_map"),
        ("case,image,label_map\na,,x.mha\n", "must have case, image, label_map, but line 2"),
        ("case,image,label_map\na,x.mha,y.mha\na,x.mha,y.mha\n", "names a, baseline, more than once"),
        ("case,image,label_map\n", "holds no case"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused(tmp_path, text, sentence):
    (tmp_path / "cases.csv").write_text(text)
    with pytest.raises(InputError) as refused:
        find_cases(tmp_path / "cases.csv")
    assert sentence in str(refused.value)


def test_a_case_without_its_files_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"one label map named segmentation, .* has 0 and 1\."):
        find_cases(folder_of(tmp_path, "a/ct.mha"))
    with pytest.raises(InputError, match="holds no case"):
        find_cases(tmp_path / "nowhere")
