"""Label maps with names, on their series."""

import json

import numpy as np
import pytest

from hnseg.cli.rtstruct.named_labels import read_named_labels
from hnseg.errors import InputError
from tests.support.dicom_series import AXIAL
from tests.support.outlined_structures import NAMES
from tests.support.structure_set_files import write_case


@pytest.fixture
def read(tmp_path):
    """Return a function that reads the seven structures with names for some labels."""
    labels = write_case(tmp_path, AXIAL)

    def named(names):
        (tmp_path / "names.json").write_text(json.dumps(names))
        return labels, read_named_labels(
            tmp_path / "map.mha", tmp_path / "names.json", tmp_path / "series", number=None
        )

    return named


def test_labels_are_those_of_the_map_and_absent_ones_are_told(read):
    labels, found = read({**{str(label): None for label in NAMES}, "2": "GTVp", "9": "Larynx"})
    np.testing.assert_array_equal(found.array, labels)
    assert (found.names, found.present) == ({2: "GTVp", 9: "Larynx"}, {2: "GTVp"})
    assert found.left_out == ["Larynx is left out: the label map has no voxel of 9"]


def test_there_must_be_a_voxel_of_a_name(read):
    with pytest.raises(InputError, match="There must be a structure to write, but"):
        read({**{str(label): None for label in NAMES}, "9": "Larynx"})
