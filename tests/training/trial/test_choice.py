import logging
import os

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg_training.trial.choice import chosen_patients
from hnseg_training.trial.layout import Layout

LABELS = {1: "tumour", 2: "node"}
LAYOUT = Layout({"ct": r"(?P<patient>[a-z])/ct\.mha"}, ("ct",), r"(?P<patient>[a-z])/mask\.mha")


def write(folder, sizes: dict[str, int], values: dict[str, list[int]]):
    """Write patients whose CT, never read here, has a size in bytes, and whose label map has some values."""
    for name, size in sizes.items():
        (folder / name).mkdir()
        (folder / name / "ct.mha").write_bytes(os.urandom(size))
        voxels = np.zeros((2, 2, 2), np.uint8)
        voxels.ravel()[: len(values[name])] = values[name]
        sitk.WriteImage(sitk.GetImageFromArray(voxels), str(folder / name / "mask.mha"))


def names(found) -> list[str]:
    return [patient.name for patient in found]


def test_the_smallest_with_every_structure_are_chosen(tmp_path):
    both = {name: [1, 2] for name in "acd"}
    write(tmp_path, {"a": 4000, "b": 100, "c": 3000, "d": 2000}, {**both, "b": [1]})
    assert names(chosen_patients(tmp_path, LAYOUT, LABELS, count=2)) == ["d", "c"]


def test_where_too_few_are_complete_the_others_follow_and_it_is_said(tmp_path, caplog):
    caplog.set_level(logging.INFO, logger="hnseg_training")
    write(tmp_path, {"a": 100, "b": 200, "c": 300}, {"a": [], "b": [1], "c": [1, 2]})
    assert names(chosen_patients(tmp_path, LAYOUT, LABELS, count=2)) == ["c", "b"]
    assert "too few of the 3 smallest patients have every structure: one that is taken has 1 of 2" in caplog.text


def test_names_of_files_tell_structures_without_reading_them(tmp_path):
    named = Layout(LAYOUT.images, ("ct",), r"(?P<patient>[a-z])/(?P<structure>\w+)_mask\.mha")
    for name in "ab":
        (tmp_path / name).mkdir()
        for file in ("ct.mha", "tumour_mask.mha", "node_mask.mha"):
            (tmp_path / name / file).write_bytes(b"not an image")
    assert names(chosen_patients(tmp_path, named, LABELS, count=2)) == ["a", "b"]


def test_any_value_is_the_only_structure_of_a_layout(tmp_path):
    write(tmp_path, {"a": 100, "b": 200, "c": 300}, {"a": [], "b": [7], "c": [1]})
    only = Layout(LAYOUT.images, LAYOUT.required, LAYOUT.truths, structure="recurrence")
    assert names(chosen_patients(tmp_path, only, {1: "recurrence"}, count=2)) == ["b", "c"]


def test_too_few_patients_are_refused(tmp_path):
    write(tmp_path, {"a": 10}, {"a": [1, 2]})
    with pytest.raises(InputError, match=r"A trial needs 2 patients with all their files, but .* holds 1\."):
        chosen_patients(tmp_path, LAYOUT, LABELS, count=2)
