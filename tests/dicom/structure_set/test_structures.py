import numpy as np

from hnseg.dicom.structure_set.structures import Contour, Structure


def test_a_structure_is_drawn_where_a_contour_encloses_something():
    kinds = {"CLOSED_PLANAR": True, "CLOSEDPLANAR_XOR": True, "POINT": False, "OPEN_PLANAR": False}
    for kind, expected in kinds.items():
        assert Structure(1, "GTVp", "1.2", (Contour(kind, np.zeros((3, 3))),)).is_drawn == expected
    assert not Structure(1, "GTVp", "1.2", ()).is_drawn
