"""Maps of a run as fractions."""

from math import log
from pathlib import Path

import pytest

from containers.hn_uiseg.spec import SPEC as HN_UISEG
from containers.hnts_mrg.spec import SPEC as HNTS_MRG
from containers.recurrence.spec import SPEC as RECURRENCE
from hnseg.dicom.exports.fractions import fractions_in

OUTPUT = Path("output")


def test_an_entropy_is_a_share_of_the_largest():
    (found,) = fractions_in(HN_UISEG, OUTPUT, None)
    assert found.most == pytest.approx(log(3))
    assert found.title == "entropy, 1 is 1.099 nats"
    assert found.path == OUTPUT / "images/segmentation-entropy/output.mha"


def test_a_probability_is_of_the_structure():
    (found,) = fractions_in(RECURRENCE, OUTPUT, None)
    assert (found.most, found.title, found.codes.kind.meaning) == (1.0, "probability of recurrence", "Neoplasm")


def test_the_uncertainty_is_there_where_it_was_asked_for():
    assert fractions_in(HNTS_MRG, OUTPUT, None) == []
    names = [found.name for found in fractions_in(HNTS_MRG, OUTPUT, OUTPUT / "uncertainty")]
    assert names == ["entropy", "mutual_information"]
