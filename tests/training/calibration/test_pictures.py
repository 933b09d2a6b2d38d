"""Pictures of a calibration: readable PNG, the same bytes each time, for one structure and for many."""

import pytest
from PIL import Image

from hnseg_training.calibration.case_voxels import Sampling
from hnseg_training.calibration.cross_fit import calibration_of
from hnseg_training.calibration.pictures import draw_reliability, draw_risk_coverage
from tests.support.calibrated_voxels import cases_at


def report_of(structures):
    names = ["background", *(f"organ_{number}" for number in range(structures))]
    return calibration_of(cases_at((3.0,) * len(names), [0, 1]), names, Sampling(), model="test", predicted_by="fold")[
        1
    ]


@pytest.mark.parametrize(("structures", "least_height"), [(1, 300), (9, 1000)])
def test_reliability_has_a_diagram_a_structure(structures, least_height, tmp_path):
    for name in ("one.png", "again.png"):
        draw_reliability(report_of(structures), tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "again.png").read_bytes()
    with Image.open(tmp_path / "one.png") as image:
        assert image.height > least_height
        assert len(image.convert("RGB").getcolors(1 << 20)) > 50


def test_risk_coverage_is_drawn(tmp_path):
    draw_risk_coverage(report_of(1), tmp_path / "curve.png")
    with Image.open(tmp_path / "curve.png") as image:
        assert (0xD5, 0x5E, 0x00) in {colour for _, colour in image.convert("RGB").getcolors(1 << 20)}
