import numpy as np
import pytest

from hnseg.drawing.colour_scale import coloured, draw_bar, draw_ticked_bar


def test_larger_values_are_lighter_in_even_steps():
    lightness = coloured(np.linspace(0, 1, 101)) @ (0.2126, 0.7152, 0.0722)
    assert (np.diff(lightness) > 0).all()
    assert lightness[0] < 1
    assert lightness[-1] > 240


def test_values_beyond_the_ends_have_the_colours_of_the_ends():
    assert np.array_equal(coloured(np.array([-1.0, 2.0])), coloured(np.array([0.0, 1.0])))


@pytest.mark.parametrize("largest", [0.0, 0.4, 2.0])
def test_the_bar_is_dark_below_and_light_above_whatever_the_largest_value_is(largest):
    bar = np.asarray(draw_bar(300, 1.1, largest, unit="nats"))
    assert bar.shape[0] == 300
    column = bar[30:270, 20].sum(axis=1).astype(int)
    assert column[0] > 600
    assert column[-1] < 60


def test_a_largest_value_beyond_the_top_is_told():
    inside, beyond = (np.asarray(draw_bar(300, 1.1, largest, unit="nats")) for largest in (1.1, 1.3))
    assert not np.array_equal(inside, beyond)


def test_each_tick_has_a_line_at_its_place():
    bar = np.asarray(draw_ticked_bar(300, {0.0: "0", 0.5: "5", 1.0: ">10"}, unit="SUV")).astype(int)
    lines = np.flatnonzero((bar[:, 34] == 255).all(axis=1))  # right of the colours, which end at 30
    assert lines.tolist() == [24, 149, 275] or lines.tolist() == [24, 150, 275]
