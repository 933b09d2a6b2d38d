"""Images perturbed on their own grids and in their own units."""

import json
import subprocess
import sys

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.machine import GIB
from hnseg.robustness.perturbations.images import PerturbationRecord, Request, perturb_image
from hnseg.robustness.perturbations.kind import KINDS
from hnseg.robustness.perturbations.perturb import apply, perturb
from tests.support.peak_memory import taken_gib
from tests.support.smooth_volumes import from_0_to_1

TURNED = (0.8, -0.6, 0.0, 0.6, 0.8, 0.0, 0.0, 0.0, 1.0)
GRID = Grid((21, 24, 17), (0.9765625, 1.1, 3.3), (-123.456789, 77.7, 1e3 / 3), TURNED)
EACH_KIND = pytest.mark.parametrize("kind", KINDS)


def ct(pixel_type=np.int16):
    """Return a CT with much air and much bone, so that all values are within three standard deviations."""
    shares = np.clip(3 * from_0_to_1(GRID.shape_zyx) - 1, 0, 1)
    return image_of((shares * 2000 - 1000).round().astype(pixel_type), GRID)


@EACH_KIND
@pytest.mark.parametrize("severity", [0, 1, 2, 3])
def test_the_grid_is_the_same_to_the_last_bit(kind, severity):
    image = ct()
    found, _ = perturb_image(image, Request(kind=kind, severity=severity, modality="ct"))
    assert Grid.of(found) == GRID  # == of floats
    assert np.isfinite(array_of(found)).all()


@EACH_KIND
def test_severity_0_is_the_image_itself(kind):
    image = ct()
    found, record = perturb_image(image, Request(kind=kind, severity=0))
    assert found is image
    assert record.parameters.kind == "none"


@EACH_KIND
@pytest.mark.parametrize("pixel_type", [np.int16, np.uint8, np.int32, np.float64])
def test_integers_are_cast_before_anything_is_computed(kind, pixel_type):
    values = (from_0_to_1(GRID.shape_zyx) * 250).round()
    request = Request(kind=kind, severity=2, modality="mr")
    found, _ = perturb_image(image_of(values.astype(pixel_type), GRID), request)
    expected, _ = perturb_image(image_of(values.astype(np.float32), GRID), request)
    assert found.GetPixelID() == sitk.sitkFloat32
    np.testing.assert_array_equal(array_of(found), array_of(expected))


@EACH_KIND
def test_a_ct_is_perturbed_as_its_normalised_copy_is(kind):
    image, request = ct(), Request(kind=kind, severity=2, modality="ct", seed=4)
    found, record = perturb_image(image, request)
    normalised = (array_of(image).astype(np.float32) + 1000) / 2000
    expected = apply(normalised, record.parameters, spacing_zyx_mm=GRID.spacing_zyx_mm) * 2000 - 1000
    np.testing.assert_allclose(array_of(found), expected, rtol=1e-4, atol=0.05)
    drawn = perturb(normalised, kind, 2, request.generator(), spacing_zyx_mm=GRID.spacing_zyx_mm)
    assert drawn.parameters == record.parameters


def test_in_physical_units_a_bias_field_leaves_air_as_it_is():
    values = from_0_to_1(GRID.shape_zyx) * 2000 - 1000
    values[0] = -1000.0
    image = image_of(values, GRID)
    at_air = {}
    for units in ("normalised", "physical", "given"):
        found, _ = perturb_image(image, Request(kind="bias", severity=2, modality="ct", units=units))
        at_air[units] = array_of(found)[0]
    np.testing.assert_allclose(at_air["physical"], -1000, atol=1e-3)
    assert np.abs(at_air["given"] + 1000).max() > 50


def test_the_noise_of_a_ct_is_a_fraction_of_its_range():
    image = ct()
    found, record = perturb_image(image, Request(kind="noise", severity=2, modality="ct", units="physical"))
    noise = array_of(found) - array_of(image)
    assert noise.std() == pytest.approx(record.parameters.standard_deviation * 2000, rel=0.03)


def test_draws_depend_on_all_that_names_them_and_on_nothing_else():
    request = Request(kind="blur", severity=1, case="a", modality="ct", seed=0)
    changes = [{"severity": 2}, {"case": "b"}, {"modality": "pet"}, {"seed": 1}, {"kind": "noise"}]
    numbers = [each.generator().random() for each in (request, *(request.model_copy(update=one) for one in changes))]
    assert len(set(numbers)) == len(numbers)
    elsewhere = request.model_copy(update={"units": "given"})
    assert elsewhere.generator().random() == numbers[0]


def test_draws_are_the_same_in_another_process_whatever_its_hash_seed():
    program = (
        "from hnseg.robustness.perturbations.images import Request;"
        "print(Request(kind='spike', severity=3, case='CHUM-001', modality='pet', seed=7).generator().random())"
    )
    printed = {
        subprocess.check_output([sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, text=True)
        for seed in ("1", "2")
    }
    expected = Request(kind="spike", severity=3, case="CHUM-001", modality="pet", seed=7).generator().random()
    assert printed == {f"{expected}\n"}


@EACH_KIND
def test_the_record_goes_to_json_and_back(kind):
    _, record = perturb_image(ct(), Request(kind=kind, severity=3, case="one", modality="ct", seed=2))
    content = json.loads(record.model_dump_json())
    assert set(content) == {"request", "scale", "parameters"}
    assert content["scale"] == {"zero": -1000.0, "unit": 2000.0}
    assert PerturbationRecord.model_validate_json(record.model_dump_json()) == record


def test_values_beyond_float32_are_refused():
    image = image_of(from_0_to_1(GRID.shape_zyx).astype(np.float64) * 1e300, GRID)
    with pytest.raises(InputError, match="must have values that fit into float32"):
        perturb_image(image, Request(kind="noise", severity=1))


@EACH_KIND
def test_it_takes_no_more_than_two_volumes_beside_the_image(kind):
    perturb_image(ct(), Request(kind=kind, severity=3, modality="ct"))  # libraries come into memory
    volume = np.random.default_rng(0).random((310, 200, 200), dtype=np.float32)
    image = image_of(volume, Grid((200, 200, 310), (1.0,) * 3, (0.0,) * 3, TURNED))
    volume_gib = volume.nbytes / GIB
    taken, _ = taken_gib(lambda: perturb_image(image, Request(kind=kind, severity=3, modality="ct")))
    assert volume_gib / 2 < taken <= (4 if kind == "motion" else 2) * volume_gib + 8 / 1024
