"""Perturbations of all kinds: drawn, recorded, applied again; and the memory that they take."""

import json

import numpy as np
import pytest
from pydantic import TypeAdapter

from hnseg.errors import InputError
from hnseg.machine import GIB
from hnseg.robustness.perturbations.kind import KINDS
from hnseg.robustness.perturbations.perturb import Parameters, apply, draw, perturb
from hnseg.robustness.perturbations.settings import Settings
from hnseg.robustness.perturbations.severity import SEVERITIES
from tests.support.peak_memory import taken_gib
from tests.support.smooth_volumes import NORMALISED, SHAPES_ZYX

EACH_KIND = pytest.mark.parametrize("kind", KINDS)
PUBLISHED_SHAPE_ZYX = (310, 200, 200)
ALLOCATOR_GIB = 48 / 1024


def test_the_kinds_are_the_published_ones():
    assert set(KINDS) == {"motion", "ghosting", "spike", "bias", "noise", "blur"}


@EACH_KIND
@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("shape", [*SHAPES_ZYX, (1, 1, 1), (2, 1, 5)])
def test_a_volume_of_any_shape_is_changed_and_stays_finite(kind, severity, shape):
    for normalised in NORMALISED.values():
        volume = normalised(shape) if min(shape) > 1 or shape[1] > 1 else np.ones(shape, np.float32)
        before = volume.copy()
        found = perturb(volume, kind, severity, np.random.default_rng(severity))
        assert found.array.shape == shape
        assert found.array.dtype == np.float32
        assert np.isfinite(found.array).all()
        assert found.parameters.kind == kind
        np.testing.assert_array_equal(volume, before)
        if shape in SHAPES_ZYX[:2]:
            assert np.abs(found.array - volume).max() > 1e-3


@EACH_KIND
def test_severity_0_changes_no_bit(kind):
    volume = NORMALISED["z-scores"](SHAPES_ZYX[0])
    found = perturb(volume, kind, 0, np.random.default_rng(0))
    np.testing.assert_array_equal(found.array, volume)
    assert found.array is not volume
    assert found.parameters.kind == "none"


@EACH_KIND
def test_what_was_drawn_gives_the_same_voxels_again_after_json(kind):
    volume = NORMALISED["z-scores"](SHAPES_ZYX[0])
    first, second = (perturb(volume, kind, 2, np.random.default_rng(5)) for _ in range(2))
    assert first.array.tobytes() == second.array.tobytes()
    assert first.parameters == second.parameters
    read = TypeAdapter(Parameters).validate_python(json.loads(first.parameters.model_dump_json()), strict=False)
    assert read == first.parameters
    assert apply(volume, read).tobytes() == first.array.tobytes()
    other = perturb(volume, kind, 2, np.random.default_rng(6))
    assert other.parameters != first.parameters
    assert other.array.tobytes() != first.array.tobytes()


def test_settings_reach_what_is_drawn():
    settings = Settings(spike_reference="modulus", spike_compound=False, motion_about="centre")
    spike, motion = (draw(kind, 1, np.random.default_rng(0), settings=settings) for kind in ("spike", "motion"))
    assert (spike.reference, spike.compound, motion.about) == ("modulus", False, "centre")


@pytest.mark.parametrize("kind", ["motion", "blur"])
def test_millimetres_depend_on_the_spacing(kind):
    volume = NORMALISED["from 0 to 1"](SHAPES_ZYX[0])
    near, far = (
        perturb(volume, kind, 1, np.random.default_rng(0), spacing_zyx_mm=(side,) * 3).array for side in (1.0, 4.0)
    )
    assert np.abs(near - far).max() > 1e-3


@pytest.mark.parametrize("kind", ["motion", "ghosting", "spike", "bias"])
def test_values_beyond_float32_are_refused(kind):
    volume = NORMALISED["from 0 to 1"](SHAPES_ZYX[0]) * np.float32(3.4e38)
    with pytest.raises(
        InputError, match=f"must have values that fit into float32, but those of {kind} do not: the imag"
    ):
        perturb(volume, kind, 3, np.random.default_rng(0))


@EACH_KIND
def test_it_takes_no_more_than_two_volumes_beside_the_input(kind):
    perturb(NORMALISED["from 0 to 1"](SHAPES_ZYX[0]), kind, 3, np.random.default_rng(0))  # libraries come into memory
    volume = np.random.default_rng(0).random(PUBLISHED_SHAPE_ZYX, dtype=np.float32)
    volume_gib = volume.nbytes / GIB
    taken, found = taken_gib(lambda: perturb(volume, kind, 3, np.random.default_rng(0)))
    assert found.array.nbytes == volume.nbytes
    assert volume_gib / 2 < taken <= (4 if kind == "motion" else 2) * volume_gib
