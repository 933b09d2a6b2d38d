import io

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from containers.han_seg.spec import LABELS
from hnseg.cohort.report.pictures import draw_pictures
from hnseg.drawing.crop import CropRecord
from hnseg.drawing.overlay import draw_case
from hnseg.imaging.files.reading import read_volume
from tests.support.small_challenges import ROOT

CASE = ROOT / "test_data" / "han_seg" / "case_000"


def first(pattern):
    return next(CASE.glob(pattern))


@pytest.fixture
def files(tmp_path):
    """A scan of noise, and a label map with one structure: their paths."""
    scan = sitk.GetImageFromArray(np.random.default_rng(0).normal(100, 10, (8, 40, 40)).astype(np.float32))
    found = np.zeros((8, 40, 40), np.uint8)
    found[3, 10:20, 10:20] = 1
    paths = tmp_path / "scan.nii.gz", tmp_path / "label_map.nii.gz"
    sitk.WriteImage(scan, str(paths[0]))
    sitk.WriteImage(sitk.GetImageFromArray(found), str(paths[1]))
    return paths


def test_the_pictures_are_those_of_the_rehearsal(tmp_path):
    scan, label_map = first("input/images/ct/*.mha"), first("expected/images/*/*.mha")
    assert draw_pictures(scan, label_map, LABELS, tmp_path / "report") == ""
    image, found = (read_volume(path, title="image") for path in (scan, label_map))
    assert (tmp_path / "report" / "overlay.png").read_bytes() == draw_case(image, found, None, LABELS).png
    thumbnail = Image.open(io.BytesIO((tmp_path / "report" / "thumbnail.png").read_bytes()))
    assert thumbnail.size == (120, 120)
    assert len(thumbnail.getcolors(100_000)) > 50


def test_a_crop_is_drawn_where_it_lies_in_the_scan(files, tmp_path):
    boxes = {"in": (30, 30, 4), "beyond": (41, 30, 4)}
    widths = {}
    for name, size_xyz in boxes.items():
        crop = CropRecord(index_xyz=(0, 0, 0), size_xyz=size_xyz)
        assert draw_pictures(*files, {1: "GTVp"}, tmp_path / name, crop=crop) == ""
        widths[name] = Image.open(tmp_path / name / "overlay.png").width
    assert widths["in"] > widths["beyond"]


def test_a_damaged_scan_gives_no_picture_and_the_reason(files, tmp_path):
    scan, label_map = files
    scan.write_bytes(scan.read_bytes()[:100])
    assert str(scan) in draw_pictures(scan, label_map, {1: "GTVp"}, tmp_path / "report")
    assert not (tmp_path / "report").exists()


def test_a_label_map_on_another_grid_gives_no_picture_and_the_reason(files, tmp_path):
    scan, label_map = files
    sitk.WriteImage(sitk.Image((40, 40, 7), sitk.sitkUInt8), str(label_map))
    reason = draw_pictures(scan, label_map, {1: "GTVp"}, tmp_path / "report")
    assert reason == "The label map does not lie on the scan's grid."
