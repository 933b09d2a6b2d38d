"""`hnseg phantom` as a user calls it."""

from __future__ import annotations

import pytest
import SimpleITK as sitk

from hnseg.cli.phantom import command
from hnseg.discovery import challenge_module, challenge_names
from hnseg.errors import InputError, OutputError
from hnseg.imaging.geometry import array_of


def test_case_does_not_depend_on_the_number_of_cases(tmp_path):
    for cases, folder in ((1, "one"), (2, "two")):
        command("hnts_mrg", tmp_path / folder, cases=cases, seed=4, layout="challenge")
    name = "HNTSMRG24_train/1/midRT/1_midRT_T2.nii.gz"
    one, two = (array_of(sitk.ReadImage(str(tmp_path / folder / name))) for folder in ("one", "two"))
    assert (one == two).all()
    assert sorted(path.name for path in (tmp_path / "two" / "HNTSMRG24_train").iterdir()) == ["1", "2"]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {"challenge": "hnts"},
            "CHALLENGE must be one of han_seg, hecktor, hn_uiseg, hnts_mrg, recurrence, found 'hnts'",
        ),
        ({"layout": "nnunet"}, "--layout must be one of container, challenge, found 'nnunet'"),
        ({"grid": "huge"}, "--grid must be one of small, full, found 'huge'"),
    ],
)
def test_unknown_word_is_refused_with_those_that_are_known(tmp_path, given, sentence):
    with pytest.raises(InputError, match=sentence):
        command(**{"challenge": "hnts_mrg", "output": tmp_path / "x", **given})
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("challenge", challenge_names("hnseg.phantom.challenges"))
def test_every_challenge_has_the_parts_of_a_phantom(challenge):
    phantoms = challenge_module("hnseg.phantom.challenges", challenge)
    assert phantoms.GRIDS == ("small", "full")
    assert {"container", "challenge"} <= phantoms.LAYOUTS.keys()
    assert phantoms.LAYOUTS["container"] is phantoms.write_container_case
    assert all(isinstance(variant, phantoms.Variant) for variant in (phantoms.ANY, *phantoms.VARIANTS.values()))
    assert phantoms.Variant() == phantoms.ANY


def _bytes_in(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_cases_may_be_written_again_and_others_not(tmp_path):
    command("hnts_mrg", tmp_path, seed=4)
    before = _bytes_in(tmp_path)
    command("hnts_mrg", tmp_path, seed=4)
    with pytest.raises(OutputError, match=r"A socket's folder must hold one image, but|No file must be replaced, but"):
        command("hnts_mrg", tmp_path, seed=5)
    assert _bytes_in(tmp_path) == before


def test_a_patient_of_the_public_data_is_never_replaced(tmp_path):
    image = tmp_path / "HNTSMRG24_train" / "1" / "midRT" / "1_midRT_T2.nii.gz"
    image.parent.mkdir(parents=True)
    image.write_text("a patient's image")
    with pytest.raises(OutputError, match=r"No file must be replaced, but .*1_midRT_T2\.nii\.gz is there with another"):
        command("hnts_mrg", tmp_path, layout="challenge")
    assert _bytes_in(tmp_path) == {image.relative_to(tmp_path): b"a patient's image"}


def test_a_table_of_the_public_data_is_never_replaced(tmp_path):
    table = tmp_path / "HaN-Seg" / "OAR_data.csv"
    table.parent.mkdir()
    table.write_text("Case ID;another column\ncase_99;1\n")
    with pytest.raises(
        InputError, match=r"A table to add a patient to must have the columns .*, but OAR_data\.csv has"
    ):
        command("han_seg", tmp_path, layout="challenge")
    assert _bytes_in(tmp_path) == {table.relative_to(tmp_path): b"Case ID;another column\ncase_99;1\n"}
