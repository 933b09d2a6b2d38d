"""`hnseg perturb` as a user calls it."""

import json
from functools import partial

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.geometry import Grid, array_of
from hnseg.phantom.challenges.hecktor.patient import VARIANTS, draw_patient
from hnseg.robustness.perturbations.kind import KINDS


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    """CT (int16, in HU) and PET (float32, in SUV) of a phantom patient, as files."""
    folder = tmp_path_factory.mktemp("scans")
    patient = draw_patient(3, 0, variant=VARIANTS["ordinary"])
    sitk.WriteImage(patient.ct, str(folder / "ct.mha"))
    sitk.WriteImage(patient.pet, str(folder / "pet.nii.gz"))
    return {"ct": folder / "ct.mha", "pet": folder / "pet.nii.gz"}


@pytest.fixture
def hnseg(hnseg):
    """Return a function that runs `hnseg perturb`: status, and what was printed."""
    return partial(hnseg, "perturb")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["ct", "pet"])
def test_an_image_gets_an_artefact_on_its_own_grid(hnseg, scans, tmp_path, name, kind):
    output, record = tmp_path / f"out{''.join(scans[name].suffixes)}", tmp_path / "record.json"
    options = ["--kind", kind, "--severity", 2, "--seed", 1, "--output", output, "--json", record]
    status, printed = hnseg(scans[name], *options)
    assert (status or 0, printed.err) == (0, "")
    before, after = sitk.ReadImage(str(scans[name])), sitk.ReadImage(str(output))
    assert Grid.of(after) == Grid.of(before)
    assert after.GetPixelID() == sitk.sitkFloat32
    assert np.isfinite(array_of(after)).all()
    assert (array_of(after) != array_of(before)).any()
    content = json.loads(record.read_text())
    assert content["parameters"]["kind"] == kind
    assert content["request"]["modality"] == ("ct" if name == "ct" else "unknown")
    first = output.read_bytes()
    hnseg(scans[name], *options)
    assert output.read_bytes() == first


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["ct", "pet"])
def test_severity_0_changes_no_bit_and_no_type(hnseg, scans, tmp_path, name, kind):
    output = tmp_path / "out.mha"
    assert not hnseg(scans[name], "--kind", kind, "--severity", 0, "--output", output)[0]
    before, after = sitk.ReadImage(str(scans[name])), sitk.ReadImage(str(output))
    assert (after.GetPixelID(), Grid.of(after)) == (before.GetPixelID(), Grid.of(before))
    assert array_of(after).tobytes() == array_of(before).tobytes()


def test_seed_and_case_change_the_draws_and_units_the_scale(hnseg, scans, tmp_path):
    drawn = {}
    for word in ("--seed 1", "--case-name two", "--units physical", "--units given", "--modality mr", "--severity 1"):
        record = tmp_path / "record.json"
        options = ["--kind", "noise", "--severity", 1, "--output", tmp_path / "out.mha", "--json", record]
        hnseg(scans["ct"], *options, *word.split())
        drawn[word] = json.loads(record.read_text())
    plain = drawn.pop("--severity 1")
    for word in ("--seed 1", "--case-name two", "--modality mr"):
        assert drawn[word]["parameters"] != plain["parameters"]
    for word in ("--units physical", "--units given"):
        assert drawn[word]["parameters"] == plain["parameters"]
        assert drawn[word]["scale"] != plain["scale"]


def test_what_is_not_as_published_is_asked_for(hnseg, scans, tmp_path):
    record = tmp_path / "record.json"
    options = ["--severity", 2, "--output", tmp_path / "out.mha", "--json", record]
    hnseg(scans["pet"], "--kind", "spike", *options, "--spike-reference", "modulus", "--no-spike-compound")
    parameters = json.loads(record.read_text())["parameters"]
    assert (parameters["reference"], parameters["compound"]) == ("modulus", False)
    hnseg(scans["pet"], "--kind", "motion", *options, "--motion-about", "centre")
    assert json.loads(record.read_text())["parameters"]["about"] == "centre"


@pytest.mark.parametrize("severity", [-1, 4])
def test_another_severity_is_a_usage_error(hnseg, scans, tmp_path, severity):
    status, _ = hnseg(scans["ct"], "--kind", "blur", "--severity", severity, "--output", tmp_path / "out.mha")
    assert status == 2
    assert not list(tmp_path.iterdir())


def test_the_input_is_not_replaced(hnseg, scans):
    before = scans["ct"].read_bytes()
    status, printed = hnseg(scans["ct"], "--kind", "blur", "--severity", 1, "--output", scans["ct"])
    assert status == 1
    assert "--output must not replace an input" in printed.err
    assert scans["ct"].read_bytes() == before


def test_a_missing_image_is_refused_and_nothing_is_left(hnseg, tmp_path):
    status, printed = hnseg(tmp_path / "no.mha", "--kind", "blur", "--severity", 1, "--output", tmp_path / "out.mha")
    assert status == 1
    assert "The image must be a file, but there is none at" in printed.err
    assert not list(tmp_path.iterdir())
