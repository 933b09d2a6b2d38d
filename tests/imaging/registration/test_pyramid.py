import numpy as np
from scipy import ndimage

from hnseg.imaging.geometry import array_of, image_of
from hnseg.imaging.registration import Intensities
from hnseg.imaging.registration.pyramid import levels_of

SPACINGS_MM = (2.0, 4.0, 8.0)


def test_levels_are_scaled_to_one_and_keep_the_field_of_view(heads):
    levels = levels_of(heads.fixed, Intensities(), spacings_mm=SPACINGS_MM)
    assert [level.grid.spacing_mm for level in levels.values()] == [(2.5, 2.5, 4.0), (4.0, 4.0, 4.0), (8.0, 8.0, 8.0)]
    for level in levels.values():
        values = array_of(level.image)
        assert values.dtype == np.float32
        assert values.min() >= 0
        assert 0.5 < values.max() <= 1
        np.testing.assert_allclose(level.grid.corners_mm().mean(axis=0), heads.small.corners_mm().mean(axis=0))


def test_body_is_one_piece_without_holes_around_what_is_bright(heads):
    levels = levels_of(heads.fixed, Intensities(), spacings_mm=SPACINGS_MM)
    found = levels[4.0].body
    assert ndimage.label(found)[1] == 1
    np.testing.assert_array_equal(ndimage.binary_fill_holes(found), found)
    for level in levels.values():
        assert level.body[array_of(level.image) > 0.5].mean() > 0.95  # its rim is known to 4 mm
        assert 0.6 < level.body.sum() * level.grid.voxel_volume_mm3 * 1e-6 < 0.9  # litres


def test_levels_do_not_drift(heads):
    """The centre of mass stays where it is from level to level."""
    centres = []
    for level in levels_of(heads.fixed, Intensities(), spacings_mm=SPACINGS_MM).values():
        weights = array_of(level.image).ravel()[:, None]
        centres.append((level.points_mm(np.ones_like(level.body)) * weights).sum(axis=0) / weights.sum())
    np.testing.assert_allclose(centres, [centres[0]] * 3, atol=0.5)


def test_known_units_are_taken_at_their_word(heads):
    values = array_of(heads.fixed)
    hounsfield = image_of(np.where(values > 30, values, -1000).astype(np.int16), heads.small)
    intensities = Intensities(lowest=-1000, highest=1000, body_above=-350)
    level = levels_of(hounsfield, intensities, spacings_mm=(2.0,))[2.0]
    np.testing.assert_allclose(array_of(level.image), np.clip((array_of(hounsfield) + 1000) / 2000, 0, 1), atol=1e-6)
    assert level.body[values > 200].mean() > 0.99


def test_no_body_where_nothing_is_bright_enough(heads):
    level = levels_of(heads.fixed, Intensities(body_above=1e6), spacings_mm=(2.0,))[2.0]
    assert not level.body.any()


def test_near_body_reaches_the_same_distance_along_every_axis(heads):
    level = levels_of(heads.fixed, Intensities(), spacings_mm=(2.0,))[2.0]
    single = np.zeros_like(level.body)
    single[15, 30, 30] = True
    near = np.argwhere(type(level)(level.image, single).near_body(8.0)) - (15, 30, 30)
    assert np.abs(near).max(axis=0).tolist() == [2, 3, 3]  # 4 and 2.5 mm a voxel
