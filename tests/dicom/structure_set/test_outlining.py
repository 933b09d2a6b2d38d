import numpy as np
import pytest

from hnseg.dicom.series.folder import read_series
from hnseg.dicom.structure_set.outlining import outlines_by_label
from tests.support.dicom_series import GRIDS
from tests.support.outlined_structures import NAMES
from tests.support.structure_set_files import write_case


@pytest.mark.parametrize("name", GRIDS)
def test_every_vertex_lies_in_the_plane_of_its_slice_and_a_twentieth_of_a_voxel_inside(name, tmp_path):
    labels = write_case(tmp_path, GRIDS[name], name=name)
    series = read_series(tmp_path / "series")
    outlines = outlines_by_label(labels, NAMES, series)
    assert {label for label, drawn in outlines.items() if drawn} == set(NAMES)
    for outline in outlines[6]:
        index_xyz = series.grid.index_xyz(outline.points_mm)
        assert np.abs(index_xyz[:, 2] - outline.z).max() < 1e-6
        assert sorted(set(index_xyz[:, 0].round(6).tolist())) == [16.55, 19.45, 26.45]
        assert sorted(set(index_xyz[:, 1].round(6).tolist())) == [19.55, 28.55, 31.45]


def test_a_label_without_voxels_has_no_outline(tmp_path):
    labels = write_case(tmp_path, GRIDS["axial"])
    outlines = outlines_by_label(labels, {7: "Edge", 200: "Larynx"}, read_series(tmp_path / "series"))
    assert len(outlines[7]) == 5
    assert outlines[200] == []
