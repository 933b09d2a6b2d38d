"""Perturbations of a real planning CT and a real FDG-PET, in their own units, beside TorchIO where it is installed."""

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.geometry import Grid, array_of
from hnseg.robustness.perturbations.images import Request, perturb_image
from hnseg.robustness.perturbations.kind import KINDS
from hnseg.robustness.perturbations.perturb import apply, draw
from hnseg.robustness.perturbations.scale import modality_of, scale_of
from tests.support.real_data import needs_real_data, real_data_dir
from tests.support.torchio_oracle import VARIABLE, TorchioProcess, pythons_with_torchio

SCANS = {
    "ct": ("ct_headneck_openkbp", "pt_12_ct.nii.gz"),
    "pet": ("petctmr_sts", "STS_003/PET_image.nii.gz"),
}
SIZE = 96  # voxels along an axis, from the middle of the scan

pytestmark = needs_real_data(*{folder for folder, _ in SCANS.values()})
EACH_KIND = pytest.mark.parametrize("kind", KINDS)
EACH_SCAN = pytest.mark.parametrize("modality", SCANS)


def scan_of(modality):
    folder, name = SCANS[modality]
    return sitk.ReadImage(str(real_data_dir() / folder / name))


def middle_of(modality):
    scan = scan_of(modality)
    first = [max(0, (size - SIZE) // 2) for size in scan.GetSize()]
    return sitk.RegionOfInterest(scan, [min(SIZE, size) for size in scan.GetSize()], first)


@EACH_SCAN
def test_the_modality_is_told_where_it_decides_the_scale(modality):
    assert modality_of(middle_of(modality)) == ("ct" if modality == "ct" else "unknown")


@EACH_KIND
@EACH_SCAN
def test_it_stays_finite_and_where_it_is(modality, kind):
    image = middle_of(modality)
    for units in ("normalised", "physical"):
        for severity in (1, 2, 3):
            request = Request(kind=kind, severity=severity, case="a", modality=modality, units=units)
            found, _ = perturb_image(image, request)
            assert Grid.of(found) == Grid.of(image)
            assert np.isfinite(array_of(found)).all()
        assert np.abs(array_of(found) - array_of(image)).max() > 0.01 * array_of(image).std()  # at severity 3


@EACH_SCAN
def test_severity_0_changes_no_bit_of_a_nifti(modality, tmp_path):
    image = scan_of(modality)
    found, _ = perturb_image(image, Request(kind="motion", severity=0, modality=modality))
    sitk.WriteImage(found, str(tmp_path / "same.nii.gz"))
    again = sitk.ReadImage(str(tmp_path / "same.nii.gz"))
    assert (Grid.of(again), again.GetPixelID()) == (Grid.of(image), image.GetPixelID())
    assert array_of(again).tobytes() == array_of(image).tobytes()


@EACH_SCAN
def test_a_perturbed_nifti_has_the_same_grid_to_the_last_bit(modality, tmp_path):
    image = scan_of(modality)
    found, _ = perturb_image(image, Request(kind="blur", severity=1, modality=modality))
    sitk.WriteImage(found, str(tmp_path / "blurred.nii.gz"))
    assert Grid.of(sitk.ReadImage(str(tmp_path / "blurred.nii.gz"))) == Grid.of(image)


@pytest.mark.parametrize("python", pythons_with_torchio() or [""])
@EACH_SCAN
def test_it_is_torchios(python, modality):
    if not python:
        pytest.skip(f"{VARIABLE} names no Python that has TorchIO")
    volume = array_of(middle_of(modality)).astype(np.float32)
    scale_of(volume, units="normalised", modality=modality).put(volume)
    rng = np.random.default_rng(0)
    drawn = {kind: draw(kind, 2, rng) for kind in ("motion", "ghosting", "spike", "bias", "blur")}
    process = TorchioProcess(python)
    answer = process.ask(volume, drawn.values())
    process.end()
    drawn["spike"] = drawn["spike"].model_copy(update={"reference": answer.spike_reference})
    for parameters, expected in zip(drawn.values(), answer.arrays, strict=True):
        found = apply(volume, parameters)
        np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max(), err_msg=parameters.kind)
