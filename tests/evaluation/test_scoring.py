"""Folders and pairs are scored by the name of a challenge."""

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.evaluation.files.pairs import Pair
from hnseg.evaluation.scoring import Rules, score_folder, score_pairs

WHOLE, HALF, NODE = np.s_[1:3, 1:3, 1:5], np.s_[1:3, 1:3, 1:3], np.s_[3:5, 4:6, 5:9]


def test_a_folder_scores_as_its_pairs(make_label_map, tmp_path):
    label_maps = {"predictions": make_label_map({1: HALF, 2: NODE}), "references": make_label_map({1: WHOLE, 2: NODE})}
    for folder, label_map in label_maps.items():
        (tmp_path / folder).mkdir()
        sitk.WriteImage(label_map, tmp_path / folder / "a.nii.gz")
    of_folder = score_folder("hnts_mrg", tmp_path / "predictions", tmp_path / "references")
    assert of_folder.score == pytest.approx((2 / 3 + 1) / 2)
    assert of_folder == score_pairs("hnts_mrg", [Pair("a", *label_maps.values())])


def test_an_unknown_challenge_is_refused_with_those_there_are():
    with pytest.raises(InputError, match=r"must be one of han_seg, .*hnts_mrg.*, found 'hnts_mr'"):
        score_pairs("hnts_mr", [])


def test_a_case_without_a_prediction_is_refused_or_left_out_with_a_note(make_label_map, tmp_path):
    for folder, names in (("predictions", "a"), ("references", "abc")):
        (tmp_path / folder).mkdir()
        for name in names:
            sitk.WriteImage(make_label_map({1: WHOLE, 2: NODE}), tmp_path / folder / f"{name}.nii.gz")
    folders = tmp_path / "predictions", tmp_path / "references"
    with pytest.raises(InputError, match=r"these have none: b\.nii\.gz, c\.nii\.gz"):
        score_folder("hnts_mrg", *folders)
    report = score_folder("hnts_mrg", *folders, Rules(leave_out_missing=True))
    assert [case.name for case in report.cases] == ["a"]
    assert report.notes == ("Left out for want of a prediction: 2 cases (b, c).",)


def test_an_edition_is_an_option_and_the_same_as_the_option_edition(make_label_map):
    pairs = [Pair("a", make_label_map({1: HALF, 2: NODE}), make_label_map({1: WHOLE, 2: NODE}))]
    by_edition = score_pairs("hecktor", pairs, edition="2022")
    assert by_edition.options == {"edition": "2022"}
    assert by_edition == score_pairs("hecktor", pairs, options={"edition": "2022"})
    assert by_edition != score_pairs("hecktor", pairs)
