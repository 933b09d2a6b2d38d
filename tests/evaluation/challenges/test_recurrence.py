"""Score of recurrence volumes by its challenge's name."""

import numpy as np
import pytest

from hnseg.errors import InputError
from hnseg.evaluation.challenges.recurrence import Options, score
from hnseg.evaluation.files.pairs import Pair
from hnseg.evaluation.scoring import score_folder, score_pairs
from tests.support.recurrence_patients import BOTH, label_map, write_cohort


def test_a_folder_is_scored_by_the_mean_dice(tmp_path):
    root = write_cohort(tmp_path)
    report = score_folder("recurrence", root / "first", root / "references")
    assert (report.score_name, report.score) == ("mean DSC", pytest.approx((2 / 3 + 2 / 3 + 0) / 3))
    assert report.options == {"core": "ultimate"}
    assert report.overall["origins_captured_by_core"] == 2
    assert report.cases[0].structures["origin 2"]["captured_by_centre"] == 0


def test_the_core_of_the_published_program_is_a_choice():
    flat = label_map(np.s_[2:3, 2:7, 2:7])
    assert score([Pair("a", flat, flat)], Options(core="as-code")).overall["origins_captured_by_core"] == 0
    assert score([Pair("a", flat, flat)]).overall["origins_captured_by_core"] == 1
    with pytest.raises(InputError, match="--core must be one of ultimate, as-code"):
        score_pairs("recurrence", [Pair("a", flat, flat)], options={"core": "none"})


def test_several_labels_are_several_recurrences():
    reference = label_map(BOTH[0])
    reference[6, 3, 3] = 2
    assert score([Pair("a", label_map(BOTH[0]), reference)]).overall["origins"] == 2
