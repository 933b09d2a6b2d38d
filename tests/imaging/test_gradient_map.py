import numpy as np
import pytest
import SimpleITK as sitk
from pydantic import ValidationError
from scipy import ndimage

from hnseg.imaging.gradient_map import GradientMapSettings, gradient_map

PAPER = GradientMapSettings.paper()


def oracle(image, prior, margin, *, connectivity, smallest, high_side, later_wins, empty_value):
    """The published algorithm, step by step, with SimpleITK's pieces and the unscaled crop."""
    result = np.zeros(image.shape)
    for label in (1, 2):
        mask = sitk.GetImageFromArray((prior == label).astype(np.uint8))
        pieces = sitk.GetArrayFromImage(sitk.ConnectedComponent(mask, connectivity == 26))
        sizes = np.bincount(pieces.ravel())
        for number in range(1, pieces.max() + 1):
            if sizes[number] < smallest and sizes[number] < sizes[1:].max():
                continue
            at = np.nonzero(pieces == number)
            cut = tuple(
                slice(max(0, index.min() - margin), min(size, index.max() + margin + high_side))
                for index, size in zip(at, image.shape, strict=True)
            )
            crop = image[cut].astype(float)
            edges = ndimage.gaussian_gradient_magnitude(crop, sigma=1, mode="reflect")
            edges = (
                np.full(crop.shape, empty_value)
                if crop.min() == crop.max()
                else np.clip(2 * (edges - edges.min()) / (edges.max() - edges.min()), 0, 1)
            )
            result[cut] = edges if later_wins else np.maximum(result[cut], edges)
    return result


def noise(shape_zyx=(24, 40, 44), seed=0):
    return np.random.default_rng(seed).normal(500, 80, shape_zyx)


def cubes(shape_zyx, *pieces):
    """A mask with (label, first_zyx, last_zyx) filled, the last voxel included."""
    mask = np.zeros(shape_zyx, np.uint8)
    for label, first, last in pieces:
        mask[tuple(slice(a, b + 1) for a, b in zip(first, last, strict=True))] = label
    return mask


def speckled(shape_zyx, seed):
    """Blobs of both labels that touch and reach the border, with single voxels shed around them."""
    rng = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(rng.normal(size=shape_zyx), 3)
    mask = np.zeros(shape_zyx, np.uint8)
    mask[smooth > np.quantile(smooth, 0.97)] = 1
    mask[smooth < np.quantile(smooth, 0.95)] = 0
    mask[ndimage.gaussian_filter(rng.normal(size=shape_zyx), 3) > 0.05] = 2
    mask[rng.random(shape_zyx) > 0.9995] = rng.integers(1, 3)
    return mask


def start_of(box):
    """First voxel of a box, (z, y, x)."""
    return tuple(axis.start for axis in box.slices)


def stop_of(box):
    """Index past the last voxel of a box, (z, y, x)."""
    return tuple(axis.stop for axis in box.slices)


@pytest.mark.parametrize("seed", range(4))
def test_default_map_equals_the_algorithm_step_by_step(seed):
    image, prior = noise(seed=seed), speckled((24, 40, 44), seed)
    drawn = gradient_map(image, prior, GradientMapSettings())
    expected = oracle(image, prior, 5, connectivity=26, smallest=10, high_side=1, later_wins=False, empty_value=0.0)
    assert len(drawn.boxes) > 1
    np.testing.assert_allclose(drawn.array, expected, atol=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_paper_map_equals_the_released_program_step_by_step(seed):
    image, prior = noise(seed=seed), speckled((24, 40, 44), seed)
    drawn = gradient_map(image, prior, PAPER)
    expected = oracle(image, prior, 5, connectivity=6, smallest=0, high_side=0, later_wins=True, empty_value=1.0)
    np.testing.assert_allclose(drawn.array, expected, atol=1e-6)


@pytest.mark.parametrize("margin", [0, 1, 5])
def test_boxes_reach_equally_far_on_both_sides(margin):
    prior = cubes((30, 30, 30), (1, (10, 11, 12), (13, 15, 17)))
    (box,) = gradient_map(noise((30, 30, 30)), prior, GradientMapSettings(test_margin_voxels=margin)).boxes
    assert np.subtract((10, 11, 12), start_of(box)).tolist() == [margin] * 3
    assert np.subtract(stop_of(box), (14, 16, 18)).tolist() == [margin] * 3


def test_boxes_of_the_paper_end_one_voxel_early():
    prior = cubes((30, 30, 30), (1, (10, 11, 12), (13, 15, 17)))
    (box,) = gradient_map(noise((30, 30, 30)), prior, PAPER).boxes
    assert start_of(box) == (5, 6, 7)
    assert stop_of(box) == (18, 20, 22)


def test_half_open_box_of_one_voxel_without_margin_is_no_box():
    settings = GradientMapSettings(symmetric_boxes=False, test_margin_voxels=0)
    drawn = gradient_map(noise((9, 9, 9)), cubes((9, 9, 9), (1, (4, 4, 4), (4, 4, 4))), settings)
    assert drawn.boxes == ()
    assert not drawn.array.any()


@pytest.mark.parametrize(("settings", "allowed"), [(GradientMapSettings(), range(2, 7)), (PAPER, range(4, 8))])
def test_training_draws_every_side_of_every_box_from_the_whole_range(settings, allowed):
    prior = cubes((40, 40, 40), (1, (15, 15, 15), (20, 20, 20)), (2, (25, 25, 25), (28, 28, 28)))
    rng = np.random.default_rng(7)
    margins = []
    for _ in range(60):
        for box, first, last in zip(
            gradient_map(noise((40, 40, 40)), prior, settings, rng=rng).boxes, (15, 25), (20, 28), strict=True
        ):
            high = np.array(stop_of(box)) - last - (1 if settings.symmetric_boxes else 0)
            margins.append([*(first - np.array(start_of(box))), *high])
    for side in np.array(margins).T:
        assert sorted(set(side.tolist())) == list(allowed)
    assert len({tuple(row) for row in margins}) > 100


def test_same_input_gives_the_same_map_without_a_generator():
    image, prior = noise(), speckled((24, 40, 44), 1)
    maps = [gradient_map(image, prior, GradientMapSettings()).array for _ in range(2)]
    np.testing.assert_array_equal(*maps)


def test_same_seed_gives_the_same_training_map_and_another_seed_another():
    image, prior = noise(), speckled((24, 40, 44), 1)
    one, again, other = (
        gradient_map(image, prior, GradientMapSettings(), rng=np.random.default_rng(seed)).array for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()


@pytest.mark.parametrize("label", [1, 2])
def test_missing_label_leaves_the_other_alone(label):
    image = noise((30, 30, 30))
    both = cubes((30, 30, 30), (1, (3, 3, 3), (6, 6, 6)), (2, (20, 20, 20), (24, 24, 24)))
    one = np.where(both == label, both, 0)
    drawn = gradient_map(image, one, GradientMapSettings(test_margin_voxels=2))
    assert [box.label for box in drawn.boxes] == [label]
    whole = gradient_map(image, both, GradientMapSettings(test_margin_voxels=2))
    np.testing.assert_array_equal(drawn.array, np.where(drawn.inside, whole.array, 0))


def test_empty_prior_gives_zeros():
    drawn = gradient_map(noise(), np.zeros((24, 40, 44), np.uint8), GradientMapSettings())
    assert not drawn.array.any()
    assert not drawn.inside.any()
    assert drawn.boxes == drawn.notes == ()


def test_boxes_are_clipped_at_the_border():
    prior = cubes((12, 14, 16), (1, (0, 0, 0), (2, 2, 2)), (2, (10, 12, 14), (11, 13, 15)))
    drawn = gradient_map(noise((12, 14, 16)), prior, GradientMapSettings(smallest_component_voxels=0))
    assert start_of(drawn.boxes[0]) == (0, 0, 0)
    assert stop_of(drawn.boxes[0]) == (8, 8, 8)
    assert start_of(drawn.boxes[1]) == (5, 7, 9)
    assert stop_of(drawn.boxes[1]) == (12, 14, 16)


@pytest.mark.parametrize(("settings", "value"), [(GradientMapSettings(), 0.0), (PAPER, 1.0)])
@pytest.mark.parametrize("intensity", [0.0, 0.1, 1000.3])
def test_box_without_edges_is_filled_and_said(settings, value, intensity):
    prior = cubes((20, 20, 20), (1, (8, 8, 8), (11, 11, 11)))
    drawn = gradient_map(np.full((20, 20, 20), intensity), prior, settings)
    assert (drawn.array[drawn.inside] == value).all()
    (note,) = drawn.notes
    assert "no edges in the box of label 1" in note
    assert f"is {value:g} there" in note


@pytest.mark.parametrize("voxel_type", [np.int16, np.uint8, np.uint16, np.int32])
def test_integer_images_give_the_map_of_the_same_values_as_floats(voxel_type):
    image = np.random.default_rng(1).integers(0, 200, (20, 24, 24))
    prior = cubes((20, 24, 24), (1, (8, 8, 8), (12, 14, 14)))
    drawn = gradient_map(image.astype(voxel_type), prior, GradientMapSettings())
    assert drawn.array.dtype == np.float32
    np.testing.assert_array_equal(drawn.array, gradient_map(image.astype(float), prior, GradientMapSettings()).array)
    assert ((drawn.array > 0) & (drawn.array < 1)).any()


def test_overlapping_boxes_take_the_larger_value_whichever_comes_last():
    image = noise((20, 30, 30))
    one = cubes((20, 30, 30), (1, (8, 8, 8), (11, 11, 11)))
    two = cubes((20, 30, 30), (2, (8, 15, 15), (11, 18, 18)))
    both = gradient_map(image, one + two, GradientMapSettings())
    apart = [gradient_map(image, mask, GradientMapSettings()).array for mask in (one, two)]
    np.testing.assert_array_equal(both.array, np.maximum(*apart))
    swapped = np.array([0, 2, 1], np.uint8)[one + two]
    np.testing.assert_array_equal(gradient_map(image, swapped, GradientMapSettings()).array, both.array)


def test_overlapping_boxes_of_the_paper_keep_the_last_label():
    image = noise((20, 30, 30))
    one = cubes((20, 30, 30), (1, (8, 8, 8), (11, 11, 11)))
    two = cubes((20, 30, 30), (2, (8, 15, 15), (11, 18, 18)))
    both, last = gradient_map(image, one + two, PAPER), gradient_map(image, two, PAPER)
    np.testing.assert_array_equal(both.array[last.inside], last.array[last.inside])


def test_touching_labels_have_a_box_each():
    prior = cubes((20, 30, 30), (1, (8, 8, 8), (11, 11, 11)), (2, (8, 8, 12), (11, 11, 15)))
    drawn = gradient_map(noise((20, 30, 30)), prior, GradientMapSettings(test_margin_voxels=2))
    assert [(box.label, start_of(box)[2], stop_of(box)[2]) for box in drawn.boxes] == [(1, 6, 14), (2, 10, 18)]


def test_shed_voxels_get_no_box_but_the_largest_piece_always_does():
    prior = cubes(
        (20, 40, 40), (1, (8, 8, 8), (11, 11, 11)), (1, (3, 30, 30), (3, 32, 32)), (2, (3, 30, 5), (3, 30, 6))
    )
    drawn = gradient_map(noise((20, 40, 40)), prior, GradientMapSettings())
    assert [(box.label, start_of(box)) for box in drawn.boxes] == [(1, (3, 3, 3)), (2, (0, 25, 0))]
    assert drawn.notes == ("Pieces under 10 voxels get no box in the gradient map: 1 of label 1 in the prior mask.",)
    kept = gradient_map(noise((20, 40, 40)), prior, GradientMapSettings(smallest_component_voxels=9))
    assert len(kept.boxes) == 3
    assert kept.notes == ()


@pytest.mark.parametrize(("connectivity", "boxes"), [(26, 1), (6, 2)])
def test_pieces_that_touch_by_a_corner_share_a_box_at_26(connectivity, boxes):
    prior = cubes((20, 20, 20), (1, (5, 5, 5), (8, 8, 8)), (1, (9, 9, 9), (12, 12, 12)))
    settings = GradientMapSettings(connectivity=connectivity)
    assert len(gradient_map(noise((20, 20, 20)), prior, settings).boxes) == boxes


def test_single_voxel_has_a_box_of_twice_the_margin_and_itself():
    prior = cubes((20, 20, 20), (1, (9, 9, 9), (9, 9, 9)))
    drawn = gradient_map(noise((20, 20, 20)), prior, GradientMapSettings(test_margin_voxels=0))
    assert drawn.inside.sum() == 1
    drawn = gradient_map(noise((20, 20, 20)), prior, GradientMapSettings(test_margin_voxels=3))
    assert drawn.inside.sum() == 7**3


def test_coverage_counts_the_flattest_voxel_of_a_box_too():
    prior = cubes((20, 20, 20), (1, (8, 8, 8), (11, 11, 11)))
    drawn = gradient_map(noise((20, 20, 20)), prior, GradientMapSettings())
    assert drawn.inside.sum() == 14**3
    assert (drawn.array > 0).sum() == 14**3 - 1
    assert not drawn.array[~drawn.inside].any()


def test_scaling_and_shifting_intensities_changes_nothing():
    image, prior = noise(), speckled((24, 40, 44), 2)
    reference = gradient_map(image, prior, GradientMapSettings()).array
    np.testing.assert_allclose(gradient_map(7 * image - 300, prior, GradientMapSettings()).array, reference, atol=1e-6)


def test_gain_saturates_what_exceeds_half_the_steepest_edge():
    image, prior = noise((20, 20, 20)), cubes((20, 20, 20), (1, (8, 8, 8), (11, 11, 11)))
    plain = gradient_map(image, prior, GradientMapSettings(gain=1.0)).array
    np.testing.assert_allclose(
        gradient_map(image, prior, GradientMapSettings()).array, np.minimum(2 * plain, 1), atol=1e-6
    )
    assert plain.max() == 1


def test_image_outside_the_box_does_not_matter():
    image, prior = noise((20, 20, 20)), cubes((20, 20, 20), (1, (8, 8, 8), (11, 11, 11)))
    drawn = gradient_map(image, prior, GradientMapSettings())
    np.testing.assert_array_equal(
        gradient_map(np.where(drawn.inside, image, 1e5), prior, GradientMapSettings()).array, drawn.array
    )


def test_images_and_masks_of_different_shape_are_refused():
    with pytest.raises(ValueError, match="must have one shape"):
        gradient_map(noise((5, 5, 5)), np.ones((5, 5, 6), np.uint8), GradientMapSettings())


@pytest.mark.parametrize(
    "values",
    [{"train_margin_voxels": (6, 2)}, {"test_margin_voxels": -1}, {"connectivity": 8}, {"gain": 0}, {"margin": 5}],
    ids=str,
)
def test_settings_without_sense_are_refused(values):
    with pytest.raises(ValidationError):
        GradientMapSettings.model_validate(values)


def test_settings_survive_json():
    for settings in (GradientMapSettings(), PAPER):
        assert GradientMapSettings.model_validate_json(settings.model_dump_json()) == settings
