"""A series with the seven structures, and its structure set, as files."""

import json

import SimpleITK as sitk

from hnseg.dicom.origin import Origin
from hnseg.dicom.series.alignment import aligned
from hnseg.dicom.series.folder import read_series
from hnseg.dicom.structure_set.outlining import outlines_by_label
from hnseg.dicom.structure_set.writing import Drawn, structure_set_of, write_structure_set
from hnseg.imaging.geometry import image_of
from tests.support.dicom_series import headers_of, write_series
from tests.support.outlined_structures import NAMES, seven_structures


def write_case(folder, grid, *, name="axial"):
    """Write `series/`, `map.mha` and `names.json` of a grid; return the labels (z, y, x)."""
    write_series(folder / "series", headers_of(grid, name=name))
    labels = seven_structures(grid.shape_zyx)
    sitk.WriteImage(image_of(labels, grid), str(folder / "map.mha"), True)
    (folder / "names.json").write_text(json.dumps(NAMES))
    return labels


def write_set(folder, label_map, names, *, origin=None):
    """Write `rs.dcm` of a label map on the series in `series/`; return the series and the structure set's elements."""
    series = read_series(folder / "series")
    outlines = outlines_by_label(aligned(label_map, series.grid, folder / "map.mha"), names, series)
    drawn = {label: Drawn(names[label], "#0a64ff", outlines[label]) for label in names if outlines[label]}
    elements = structure_set_of(drawn, series, folder / "series", origin or Origin())
    write_structure_set(elements, folder / "rs.dcm")
    return series, elements
