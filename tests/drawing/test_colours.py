import pytest
from matplotlib.colors import to_rgb

from hnseg.drawing.colours import FEW, colours_of


@pytest.mark.parametrize("count", [1, 7, 8, 30])
def test_every_label_has_its_own_colour_that_shows_on_black(count):
    colours = colours_of(range(1, count + 1))
    assert len(set(colours.values())) == count
    assert min(max(to_rgb(colour)) for colour in colours.values()) > 0.5


def test_few_labels_get_the_colours_that_anyone_can_tell_apart_in_the_order_of_their_values():
    assert colours_of([5, 2]) == {2: FEW[0], 5: FEW[1]}
    assert colours_of([]) == {}
