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


def test_the_pictures_are_those_of_the_rehearsal(tmp_path):
    paths = (next(CASE.glob(pattern)) for pattern in ("input/images/ct/*.mha", "expected/images/*/*.mha"))
    scan, label_map = (read_volume(path, title="image") for path in paths)
    draw_pictures(scan, label_map, LABELS, tmp_path / "report")
    assert (tmp_path / "report" / "overlay.png").read_bytes() == draw_case(scan, label_map, None, LABELS).png
    with Image.open(tmp_path / "report" / "thumbnail.png") as thumbnail:
        assert thumbnail.size == (120, 120)
        assert len(thumbnail.getcolors(100_000)) > 50


@pytest.mark.parametrize(
    ("size_xyz", "is_drawn"), [((30, 30, 4), True), ((41, 30, 4), False)], ids=["inside", "beyond"]
)
def test_a_crop_is_drawn_where_it_lies_in_the_scan(tmp_path, size_xyz, is_drawn):
    scan = sitk.GetImageFromArray(np.random.default_rng(0).normal(100, 10, (8, 40, 40)).astype(np.float32))
    label_map = sitk.GetImageFromArray(np.ones((8, 40, 40), np.uint8))
    crop = CropRecord(index_xyz=(0, 0, 0), size_xyz=size_xyz)
    draw_pictures(scan, label_map, {1: "GTVp"}, tmp_path, crop=crop)
    with_crop = (tmp_path / "overlay.png").read_bytes()
    draw_pictures(scan, label_map, {1: "GTVp"}, tmp_path)
    assert ((tmp_path / "overlay.png").read_bytes() != with_crop) is is_drawn


def test_a_pet_is_laid_over_the_ct_and_its_scale_told(tmp_path):
    case = ROOT / "test_data" / "hecktor" / "case_000"
    paths = (
        next(case.glob(f"{pattern}/*")) for pattern in ("input/images/ct", "expected/images/*", "input/images/pet")
    )
    ct, label_map, pet = (read_volume(path, title="image") for path in paths)
    assert draw_pictures(ct, label_map, {1: "GTVp", 2: "GTVn"}, tmp_path, pet=pet) == "PET in SUV, 0 to 10 and more"
    with Image.open(tmp_path / "overlay.png") as picture:
        assert picture.size == (3 * 331 + 3 + 104, 3 * 355)
    assert draw_pictures(ct, label_map, {1: "GTVp", 2: "GTVn"}, tmp_path) == ""
