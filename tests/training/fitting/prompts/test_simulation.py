import numpy as np
import pytest

from hnseg.imaging.prompts.encoding import PromptEncoding
from hnseg_training.fitting.prompts.settings import PromptTraining
from hnseg_training.fitting.prompts.simulation import Simulation

SETTINGS = PromptTraining(encoding=PromptEncoding(structures=("GTVp", "GTVn")))
SPACING = (3.0, 2.0, 2.0)
IGNORED = 3


def user(**settings) -> Simulation:
    return Simulation(SETTINGS.model_copy(update=settings), {"GTVp": 1, "GTVn": 2}, SPACING, IGNORED)


@pytest.fixture
def labels() -> np.ndarray:
    """One tumour, two nodes."""
    labels = np.zeros((20, 40, 40), int)
    labels[4:9, 10:17, 10:17] = 1
    labels[4:8, 22:28, 30:36] = 2
    labels[13:17, 30:34, 8:12] = 2
    return labels


@pytest.fixture
def image() -> np.ndarray:
    """Body of 1 in air of -1."""
    image = np.full((20, 40, 40), -1.0, np.float32)
    image[:, 4:36, 4:38] = 1
    return image


def places(clicks, structure, *, is_positive) -> list[tuple[int, int, int]]:
    return [click.index_zyx for click in clicks if (click.structure, click.is_positive) == (structure, is_positive)]


def test_each_component_has_a_click_and_as_many_lie_outside(labels, image):
    clicks = user().on_structures(labels, image, np.random.default_rng(0))
    assert [labels[place] for place in places(clicks, "GTVp", is_positive=True)] == [1]
    assert [labels[place] for place in places(clicks, "GTVn", is_positive=True)] == [2, 2]
    assert {place[0] < 10 for place in places(clicks, "GTVn", is_positive=True)} == {True, False}  # one in each node
    for structure, value, count in (("GTVp", 1, 1), ("GTVn", 2, 2)):
        outside = places(clicks, structure, is_positive=False)
        assert len(outside) == count
        assert all(labels[place] != value for place in outside)


def test_negative_clicks_lie_near_the_structure_or_in_the_other_one(labels, image):
    rng = np.random.default_rng(0)
    found = [
        place
        for _ in range(40)
        for place in places(user(near=1).on_structures(labels, image, rng), "GTVp", is_positive=False)
    ]
    tumour = np.argwhere(labels == 1) * SPACING
    for place in found:
        distance_mm = np.sqrt(((tumour - np.multiply(place, SPACING)) ** 2).sum(1).min())
        assert labels[place] == 2 or 0 < distance_mm <= SETTINGS.near_mm
    assert {labels[place] for place in found} == {0, 2}


def test_other_negative_clicks_lie_anywhere_in_the_body(labels, image):
    rng = np.random.default_rng(0)
    found = [
        place
        for _ in range(40)
        for place in places(user(near=0).on_structures(labels, image, rng), "GTVp", is_positive=False)
    ]
    assert len(found) == 40
    assert all(image[place] == 1 for place in found)
    assert max(place[0] for place in found) > 12  # far from the tumour


def test_a_patch_without_structures_has_no_clicks(image):
    assert user().on_structures(np.zeros(image.shape, int), image, np.random.default_rng(0)) == []


def test_voxels_that_nobody_labelled_are_never_wrong(labels, image):
    predicted = labels.copy()
    labels[10:18, 2:12, 20:30] = IGNORED
    predicted[12:16, 4:10, 22:28] = 1
    rng = np.random.default_rng(0)
    assert user().on_errors(labels, predicted, rng) == []
    outside = [click for _ in range(40) for click in user().on_structures(labels, image, rng) if not click.is_positive]
    assert all(labels[click.index_zyx] != IGNORED for click in outside)


def test_what_is_missing_is_clicked_on_and_what_is_too_much_is_clicked_away(labels):
    predicted = np.zeros_like(labels)
    predicted[labels == 1] = 1
    predicted[13:17, 30:34, 8:12] = 1  # a node taken for a tumour
    clicks = user().on_errors(labels, predicted, np.random.default_rng(0))
    assert len(clicks) == 3
    (too_much,) = places(clicks, "GTVp", is_positive=False)
    assert predicted[too_much] == 1
    assert labels[too_much] == 2
    assert [labels[place] for place in places(clicks, "GTVn", is_positive=True)] == [2, 2]


def test_small_errors_are_left_and_the_deepest_come_first(labels):
    predicted = np.where(labels == 1, 1, 0)
    predicted[0, 0, :4] = 1  # four voxels
    (deepest,) = user(most_errors=1).on_errors(labels, predicted, np.random.default_rng(0))
    assert deepest.is_positive
    assert deepest.index_zyx[0] < 10  # the first node has 4 x 6 x 6 voxels, the second one 4 x 4 x 4


def test_a_random_share_of_the_clicks_is_left_out(labels):
    rng = np.random.default_rng(0)
    counts = [len(user(left_out=1).on_errors(labels, np.zeros_like(labels), rng)) for _ in range(60)]
    assert set(counts) == {1, 2, 3}


def test_each_lesion_may_be_clicked_on_alone(labels):
    clicks = user().on_lesions(labels, np.random.default_rng(0))
    assert [(click.structure, click.is_positive) for click in clicks] == [
        ("GTVp", True),
        ("GTVn", True),
        ("GTVn", True),
    ]
