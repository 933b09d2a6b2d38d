import numpy as np
import pytest

from hnseg.errors import InputError
from hnseg.evaluation.dose.picture import curve_of, draw_dose_volume

DOSES = np.random.default_rng(0).uniform(66, 76, 5000).astype(np.float32)


def test_the_curve_is_the_number_of_voxels_of_at_least_each_dose():
    doses, volumes = curve_of(DOSES, voxel_cc=0.25)
    assert (doses[0], doses[-1]) == (DOSES.min(), DOSES.max())
    assert volumes.tolist() == [0.25 * (dose <= DOSES).sum() for dose in doses]
    assert doses.size == 400


def test_the_picture_has_its_axes_and_the_same_bytes_again(tmp_path):
    draw_dose_volume(DOSES, tmp_path / "one.svg", voxel_cc=0.25)
    draw_dose_volume(DOSES, tmp_path / "other.svg", voxel_cc=0.25)
    text = (tmp_path / "one.svg").read_text()
    assert text == (tmp_path / "other.svg").read_text()
    assert "prescribed dose (Gy)" in text
    assert "Target of 1250.0 cc, research only" in text


def test_another_format_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"must end in \.png or \.svg"):
        draw_dose_volume(DOSES, tmp_path / "curve.pdf", voxel_cc=0.25)
