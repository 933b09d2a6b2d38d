"""Files of an uncertainty: all of them or none."""

import json

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import OutputError
from hnseg.imaging.files.output_files import output_files
from hnseg.imaging.geometry import Grid, array_of
from hnseg.inference.labelling.structure_table import UncertaintyTable
from hnseg.inference.labelling.uncertainty import Uncertainty
from hnseg.inference.labelling.uncertainty_files import (
    are_asked_for,
    folder_made,
    uncertainty_outputs,
    write_uncertainty,
)
from tests.support.small_ensembles import GRID

NAMES = ["entropy.nii.gz", "mutual_information.nii.gz", "structures.json"]


@pytest.fixture
def uncertainty():
    table = UncertaintyTable(members=2, members_seen=2.0, seen_by_one=0.0, sums_in="float32", structures={})
    return Uncertainty(table, GRID, np.random.default_rng(0).random((2, *GRID.shape_zyx), np.float32))


def write(folder, uncertainty, *, inputs=(), fails=False):
    with folder_made(folder), output_files(*uncertainty_outputs(folder), inputs=inputs) as files:
        assert are_asked_for(files)
        write_uncertainty(files, uncertainty)
        if fails:
            raise KeyError


def test_images_have_the_grid_and_the_table_is_json(tmp_path, uncertainty):
    write(tmp_path / "new" / "maps", uncertainty)
    folder = tmp_path / "new" / "maps"
    assert sorted(path.name for path in folder.iterdir()) == NAMES
    for name, expected in zip(NAMES[:2], uncertainty.entropies, strict=True):
        image = sitk.ReadImage(str(folder / name))
        assert image.GetPixelID() == sitk.sitkFloat32
        assert Grid.of(image).matches(GRID)
        assert np.array_equal(array_of(image), expected)
    assert json.loads((folder / "structures.json").read_text()) == uncertainty.table.model_dump()


def test_what_fails_leaves_no_file_and_former_ones_as_they_were(tmp_path, uncertainty):
    with pytest.raises(KeyError):
        write(tmp_path / "maps", uncertainty, fails=True)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "structures.json").write_text("former")
    with pytest.raises(KeyError):
        write(tmp_path, uncertainty, fails=True)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["former"]


def test_an_input_is_never_replaced(tmp_path, uncertainty):
    image = tmp_path / "entropy.nii.gz"
    image.write_text("a case")
    with pytest.raises(OutputError, match=r"--uncertainty \(entropy.nii.gz\) must not replace an input"):
        write(tmp_path, uncertainty, inputs=[image])
    assert image.read_text() == "a case"


def test_a_folder_that_can_t_be_made_is_told(tmp_path, uncertainty):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"must be written to a folder, but .* can't be made"):
        write(tmp_path / "file" / "maps", uncertainty)


def test_without_a_folder_nothing_is_written(uncertainty):
    with folder_made(None), output_files(*uncertainty_outputs(None)) as files:
        assert not are_asked_for(files)
        write_uncertainty(files, uncertainty)
