"""Files of phantoms: random names that a seed repeats, and one row a patient in a table."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.geometry import array_of
from hnseg.phantom.writing import write_image, write_inputs, write_table_row


@pytest.fixture
def image() -> sitk.Image:
    return sitk.GetImageFromArray(np.arange(8, dtype=np.int16).reshape(2, 2, 2))


def test_an_image_is_written_into_a_new_folder(tmp_path, image):
    write_image(image, tmp_path / "a" / "b" / "image.mha")
    read = sitk.ReadImage(str(tmp_path / "a" / "b" / "image.mha"))
    np.testing.assert_array_equal(array_of(read), array_of(image))


def test_inputs_have_one_random_name_a_socket_whichever_are_empty(tmp_path, image):
    write_inputs({"ct": image, "pet": image}, tmp_path / "both", seed=3, index=1)
    write_inputs({"ct": None, "pet": image}, tmp_path / "one", seed=3, index=1)
    write_inputs({"ct": image, "pet": image}, tmp_path / "other", seed=3, index=2)
    both, one, other = (
        {path.parent.name: path.stem for path in (tmp_path / name / "images").rglob("*.mha")}
        for name in ("both", "one", "other")
    )
    assert both.keys() == other.keys() == {"ct", "pet"}
    assert one == {"pet": both["pet"]}
    assert not set(both.values()) & set(other.values())


def test_a_row_is_sorted_in_and_replaced(tmp_path):
    table = tmp_path / "new" / "table.csv"
    for name, stage in (("B", "T1"), ("A", "T2"), ("B", "T3")):
        write_table_row(table, {"PatientID": name, "T-stage": stage}, delimiter=";")
    assert table.read_text().splitlines() == ["PatientID;T-stage", "A;T2", "B;T3"]
