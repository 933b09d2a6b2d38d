"""Numbers of tissues are stored in phantoms' tissue maps and tables."""

from __future__ import annotations

import numpy as np

from hnseg.phantom.body.tissues import Tissue


def test_numbers_run_from_outside_without_a_gap_and_fit_a_byte():
    assert sorted(Tissue) == list(range(len(Tissue)))
    assert Tissue.OUTSIDE == 0
    assert len(Tissue) <= np.iinfo(np.uint8).max


def test_everything_but_the_outside_and_the_skin_may_be_covered():
    # `paint` covers all tissues above the skin.
    assert [tissue for tissue in Tissue if tissue <= Tissue.SKIN] == [Tissue.OUTSIDE, Tissue.SKIN]
