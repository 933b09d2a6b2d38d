"""The MR of a head laid on its CT, and what must not be laid on it."""

import os
import subprocess
import sys

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.imaging.registration import HOUNSFIELD, RegistrationSettings, register_rigid
from hnseg.imaging.registration.pyramid import levels_of

SETTINGS = RegistrationSettings(fixed=HOUNSFIELD)


def registered(ct, mr):
    return register_rigid(fixed=ct, moving=mr, settings=SETTINGS)


def changed(image, array):
    return image_of(np.ascontiguousarray(array), Grid.of(image))


@pytest.mark.parametrize("spacings_mm", [(4.0,), (2.0, 4.0, 8.0)], ids=str)
def test_couch_and_head_frame_are_no_body(heads, spacings_mm):
    bare, couched = (
        levels_of(heads.ct(couch=couch), HOUNSFIELD, spacings_mm=spacings_mm)[4.0] for couch in (False, True)
    )
    assert couched.body.sum() == pytest.approx(bare.body.sum(), rel=0.06)
    points = couched.points_mm(couched.body)
    assert points[:, 1].max() < 78  # the couch goes on to 84 mm
    assert np.abs(points[:, 0]).max() < 62  # the rods stand at 70 mm


def test_pieces_of_metal_do_not_change_the_body(heads):
    bare, streaked = (levels_of(heads.ct(metal=metal), HOUNSFIELD, spacings_mm=(4.0,))[4.0] for metal in (False, True))
    assert (bare.body & streaked.body).sum() > 0.95 * bare.body.sum()


def coil(points_mm):
    """Sensitivity at points (n, 3): five times as high at the nose as at the back of the head."""
    return np.exp(-0.013 * points_mm[:, 1]) * (1 + 0.004 * points_mm[:, 0])


@pytest.mark.parametrize(
    ("of_ct", "of_mr"),
    [({"couch": True}, {}), ({}, {"coil": coil}), ({"metal": True}, {"metal": True})],
    ids=["couch and head frame", "bias field", "metal"],
)
def test_mr_is_laid_on_the_ct_whatever_disturbs(heads, errors_mm, pose, of_ct, of_mr):
    truth = pose((9, -12, 14), (25, -30, 40))
    found = registered(heads.ct(**of_ct), heads.mr(truth, **of_mr))
    assert found.accepted, found.in_words()
    assert errors_mm(found.transform, truth).mean() < 1.0


def test_swapped_axes_are_refused(heads, pose):
    mr = heads.mr(pose((0, 0, 0), (5, 5, 5)))
    array = np.ascontiguousarray(np.swapaxes(array_of(mr), 0, 1)[:, :, :])
    grid = Grid.of(mr)
    x, y, z = grid.size_xyz
    swapped = image_of(array, Grid((x, z, y), grid.spacing_mm, grid.origin_mm, grid.direction))
    found = registered(heads.ct(), swapped)
    assert not found.accepted
    assert found.report.likely_cause.endswith("?")


@pytest.mark.parametrize("below_mm", [75.0, 140.0], ids=["tiny overlap", "no overlap"])
def test_mr_of_what_the_ct_does_not_show_is_refused(heads, pose, below_mm):
    """The CT ends 74 mm below the head's middle; the MR shows neck from there on, or from 12 mm above."""
    neck = heads.mr(pose((0, 0, 0), (0, 0, 0)), around_mm=(0.0, 20.0, -below_mm - 40.0))
    assert not registered(heads.ct(), neck).accepted


def test_ct_of_air_shows_no_body(heads, pose):
    noise = np.random.default_rng(0).normal(-1000, 15, Grid.of(heads.ct()).shape_zyx)
    found = registered(changed(heads.ct(), noise.astype(np.int16)), heads.mr(pose((0, 0, 0), (0, 0, 0))))
    assert found.report.status == "not_attempted"
    assert found.in_words() == "the fixed image shows no body"
    assert found.report.likely_cause == "Is there only air in it?"


def test_mr_of_air_is_refused(heads, pose):
    mr = heads.mr(pose((0, 0, 0), (0, 0, 0)))
    noise = np.abs(np.random.default_rng(0).normal(0, 12, Grid.of(mr).shape_zyx))
    assert not registered(heads.ct(), changed(mr, noise.astype(np.float32))).accepted


def test_empty_mr_is_not_attempted(heads, pose):
    mr = heads.mr(pose((0, 0, 0), (0, 0, 0)))
    found = registered(heads.ct(), changed(mr, np.zeros(Grid.of(mr).shape_zyx, np.int16)))
    assert (found.report.status, found.in_words()) == ("not_attempted", "the moving image is constant")
    assert found.report.likely_cause == "Was an empty image exported?"


def test_number_of_threads_changes_no_bit(heads, pose, tmp_path):
    """In processes of their own: libraries read how many threads they may start when they are loaded."""
    sitk.WriteImage(heads.ct(), str(tmp_path / "ct.mha"))
    sitk.WriteImage(heads.mr(pose((4, -5, 6), (10, -8, 12))), str(tmp_path / "mr.mha"))
    code = (
        "import sys, SimpleITK as sitk\n"
        "from hnseg.imaging.registration import HOUNSFIELD, RegistrationSettings, register_rigid\n"
        "ct, mr = (sitk.ReadImage(f'{sys.argv[1]}/{name}.mha') for name in ('ct', 'mr'))\n"
        "found = register_rigid(fixed=ct, moving=mr, settings=RegistrationSettings(fixed=HOUNSFIELD))\n"
        "print([value.hex() for value in (*found.transform.GetParameters(), found.report.quality.drift_mm)])\n"
    )
    printed = []
    for threads in ("1", "3"):
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS")
        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)],
            env={**os.environ, **dict.fromkeys(names, threads)},
            capture_output=True,
            text=True,
            check=True,
        )
        printed.append(done.stdout)
    assert printed[0] == printed[1]
    assert printed[0].count("0x") == 7
