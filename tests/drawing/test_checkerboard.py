import io

import numpy as np
import pytest
import SimpleITK as sitk
from matplotlib.image import imread

from hnseg.drawing.checkerboard import draw_checkerboard
from hnseg.imaging.geometry import Grid, image_of, resample_image

LARGE = Grid((60, 64, 56), (3.0, 3.0, 3.0), (-90.0, -96.0, -84.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
SMALL = Grid(
    (30, 30, 30), (3.0, 3.0, 3.0), (-45.0, -45.0, -45.0), tuple(sitk.VersorTransform((0, 0, 1), 0.1).GetMatrix())
)


@pytest.fixture
def ball():
    """A ball of 35 mm around the origin."""

    def make(grid, *, inside=900.0, outside=100.0, noise=5.0):
        points = grid.points_mm(np.argwhere(np.ones(grid.shape_zyx, bool))[:, ::-1].astype(float))
        values = np.where(np.linalg.norm(points, axis=1) < 35, inside, outside)
        values += np.random.default_rng(0).normal(0, noise, len(values))
        return image_of(values.reshape(grid.shape_zyx).astype(np.float32), grid)

    return make


def picture(*images_and_transform):
    """The pixels (row, column, colour), 0 to 1, without the line of titles."""
    pixels = imread(io.BytesIO(draw_checkerboard(*images_and_transform)))[..., :3]
    return pixels[round(len(pixels) * 0.07) :]


def amber(pixels):
    return pixels[..., 0] - pixels[..., 2] > 0.1


def test_tiles_are_grey_and_amber_in_turn_and_nothing_else(ball):
    pixels = picture(ball(LARGE), ball(LARGE), sitk.Transform(3, sitk.sitkIdentity))
    assert 0.2 < amber(pixels).mean() < 0.5  # dark amber counts as grey
    grey = np.ptp(pixels, axis=-1) < 0.03
    assert (grey | (pixels[..., 0] > pixels[..., 2])).all()


def test_where_the_moving_image_does_not_reach_there_is_only_the_fixed_one(ball):
    is_amber = amber(picture(ball(LARGE), ball(SMALL), sitk.Transform(3, sitk.sitkIdentity)))
    rows = np.flatnonzero(is_amber.any(axis=1))  # the small image's 90 mm, of 130 that are shown
    assert 0.1 * len(is_amber) < rows.min()
    assert rows.max() < 0.9 * len(is_amber)


def test_aligned_images_make_one_ball_and_others_make_steps(ball):
    shift = sitk.TranslationTransform(3, (12.0, -15.0, 9.0))
    fixed = ball(LARGE, noise=0.0)
    moved = resample_image(fixed, LARGE, transform=shift.GetInverse(), outside=100.0)

    def brightness_of_steps(transform):
        """How much neighbouring pixels differ, in brightness without the tint."""
        bright = picture(fixed, moved, transform)[..., 0]
        return np.abs(np.diff(bright, axis=1)).mean()

    assert brightness_of_steps(shift) < 0.75 * brightness_of_steps(sitk.Transform(3, sitk.sitkIdentity))


def test_opposite_contrasts_are_drawn_too(ball):
    pixels = picture(ball(LARGE), ball(SMALL, inside=10.0, outside=700.0), sitk.Transform(3, sitk.sitkIdentity))
    assert pixels.max() > 0.9


def test_images_that_do_not_meet_are_drawn_as_the_fixed_one_alone(ball):
    away = sitk.TranslationTransform(3, (5000.0, 0.0, 0.0))
    pixels = picture(ball(LARGE), ball(SMALL), away)
    assert not amber(pixels).any()
    assert pixels.max() > 0.3
