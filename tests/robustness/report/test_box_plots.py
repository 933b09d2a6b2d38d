"""Box plots: quartiles, whiskers and outliers beside matplotlib's."""

import numpy as np
import pytest
from matplotlib.cbook import boxplot_stats

from hnseg.robustness.report.box_plots import BOTTOM, TOP, panels_of
from hnseg.robustness.results.pairs import pair_scores
from tests.support.made_up_study import made_up_study

PAIRS = pair_scores(made_up_study(cases=30))


def test_a_panel_for_each_image_and_structure_with_a_box_for_each_variant():
    panels = panels_of(PAIRS)
    assert [panel.title for panel in panels] == ["CT, GTVp", "CT, GTVn", "PET, GTVp", "PET, GTVn"]
    assert [kind for kind, _ in panels[0].kinds] == ["spike", "blur"]
    xs = [box.x for box in panels[0].boxes]
    assert xs == sorted(xs)


@pytest.mark.parametrize("at", range(4))
def test_a_box_is_matplotlibs(at):
    panel = panels_of(PAIRS)[0]
    pair = [one for one in PAIRS if (one.variant.modality, one.structure) == ("CT", "GTVp")][at]
    (expected,) = boxplot_stats(pair.delta)
    lowest = float(panel.ticks[0][0])

    def y(value):
        return BOTTOM - (value - lowest) / (1 - lowest) * (BOTTOM - TOP)

    box = panel.boxes[at]
    assert (box.low, box.median, box.high) == pytest.approx(
        (y(expected["q1"]), y(expected["med"]), y(expected["q3"])), abs=0.06
    )
    assert box.whiskers == pytest.approx((y(expected["whislo"]), y(expected["whishi"])), abs=0.06)
    assert sorted(box.points) == pytest.approx(sorted(y(one) for one in expected["fliers"]), abs=0.06)


def test_every_box_lies_in_its_panel():
    places = [
        y for panel in panels_of(PAIRS) for box in panel.boxes for y in (*box.whiskers, *box.points, box.low, box.high)
    ]
    assert min(places) >= TOP
    assert max(places) <= BOTTOM
    assert np.isfinite(places).all()
