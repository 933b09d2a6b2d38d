"""Real patients (OpenKBP) in HaN-Seg's public layout: the layout's reader takes them, and no mask is lost or made."""

import importlib

import numpy as np
import pytest
import SimpleITK as sitk

from containers.han_seg.method import Settings
from containers.han_seg.spec import LABELS
from hnseg_training.challenges.han_seg.convert import convert, find_sources
from hnseg_training.dataset.raw_dataset import ignore_label
from tests.support.real_data import needs_real_data, real_data_dir

PATIENTS = real_data_dir() / "ct_headneck_openkbp"
pytestmark = needs_real_data("ct_headneck_openkbp")
FEW = (1, 13, 103, 106, 118)  # all of their organs, or no mandible, brainstem, larynx, oesophagus
script = importlib.import_module("benchmarks.open_kbp")


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """Five of the patients, in their own layout."""
    folder = tmp_path_factory.mktemp("few")
    for number in FEW:
        for kind in ("ct", "seg"):
            name = f"pt_{number}_{kind}.nii.gz"
            (folder / name).symlink_to(PATIENTS / name)
    return folder


@pytest.fixture(scope="module")
def laid_out(few, tmp_path_factory):
    """The five in HaN-Seg's layout."""
    return script.lay_out(few, tmp_path_factory.mktemp("HaN-Seg"))


def labels_of(number):
    return sitk.GetArrayFromImage(sitk.ReadImage(str(PATIENTS / f"pt_{number}_seg.nii.gz")))


def test_every_patient_is_found_with_the_organs_that_it_has(laid_out):
    sources = find_sources(laid_out[0].parents[1]).sources
    assert [source.name for source in sources] == ["case_01", "case_103", "case_106", "case_118", "case_13"]
    for source in sources:
        present = np.unique(labels_of(int(source.name[5:])))
        assert set(source.masks) == {script.ORGANS[label] for label in present if label}
        assert source.mr is None


def test_converted_label_maps_have_the_organs_voxel_by_voxel_and_no_other(laid_out, tmp_path):
    work = convert(laid_out[0].parents[1], tmp_path / "work", settings=Settings(mr_channel=False))
    label_of = {organ: label for label, organ in LABELS.items()}
    for folder in laid_out:
        number = int(folder.name[5:])
        converted = sitk.GetArrayFromImage(sitk.ReadImage(str(work.raw / "labelsTr" / f"{folder.name}.nii.gz")))
        original = labels_of(number)
        for label, organ in script.ORGANS.items():
            assert np.array_equal(converted == label_of[organ], original == label), organ
        known = {0, ignore_label(LABELS), *(label_of[organ] for organ in script.ORGANS.values())}
        assert set(np.unique(converted)) <= known
        assert not original[converted == ignore_label(LABELS)].any()


def test_the_outlines_score_themselves_as_right(few, laid_out, tmp_path):
    work = convert(laid_out[0].parents[1], tmp_path / "work", settings=Settings(mr_channel=False))
    label_map = sitk.ReadImage(str(work.raw / "labelsTr" / "case_13.nii.gz"))
    prediction = tmp_path / "case_13.nii.gz"
    sitk.WriteImage(sitk.ChangeLabel(label_map, {ignore_label(LABELS): 0}), str(prediction))
    scores = script.scored(prediction, few)
    assert "Larynx_SG" in scores
    assert all((of["dsc"], of["hd95_mm"], of["dsc_simpleitk"]) == (1, 0, 1) for of in scores.values())
    assert script.others_in(prediction) == 0


def test_an_island_far_away_is_not_in_the_largest_piece(few, tmp_path):
    label_map = labels_of(13)
    values = np.array(
        [0, *({organ: label for label, organ in LABELS.items()}[name] for name in script.ORGANS.values())]
    )
    label_map[:3, :3, :3] = 2
    prediction = sitk.GetImageFromArray(values[label_map].astype(np.uint8))
    prediction.CopyInformation(sitk.ReadImage(str(few / "pt_13_seg.nii.gz")))
    sitk.WriteImage(prediction, str(tmp_path / "case_13.nii.gz"))
    cord = script.scored(tmp_path / "case_13.nii.gz", few)["SpinalCord"]
    assert cord["dsc"] < 1
    assert cord["dsc"] == pytest.approx(cord["dsc_simpleitk"])
    assert cord["largest_dsc"] == 1
