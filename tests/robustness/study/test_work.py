"""Work of a study with a small ensemble: a variant is what the container makes of a perturbed image."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from hnseg.cohort.challenge_work import challenge_work
from hnseg.cohort.finding.references import REFERENCE
from hnseg.cohort.work import WorkReference
from hnseg.errors import InputError, MemoryShortError
from hnseg.imaging.files.reading import read_scan, read_volume
from hnseg.imaging.geometry import array_of
from hnseg.inference.model.bundle import open_bundle
from hnseg.robustness.perturbations.images import Request, perturb_image
from hnseg.robustness.scores.record import BASELINE
from hnseg.robustness.scores.scores_csv import read_scores
from hnseg.robustness.study.variants import CaseVariant
from hnseg.robustness.study.work import PERTURBATION_FILE, REFUSAL, SCORES_FILE, Perturbing, study_work
from tests.support.small_case import files_below
from tests.support.small_challenges import HECKTOR


def described(model, **chosen) -> WorkReference:
    """Return the reference as it reaches the process that loads it."""
    container = HECKTOR.container_dir
    inner = challenge_work(container, open_bundle(model), device="cpu", limit_s=math.inf)
    return WorkReference.model_validate_json(study_work(container, inner, Perturbing(**chosen)).model_dump_json())


@pytest.fixture
def run(quick_model, case, tmp_path):
    """Return a function that does the work on a variant, loaded once, and returns the variant's folder."""
    work = described(quick_model(HECKTOR)).load()

    def on(variant, place="out"):
        folder = tmp_path / place / variant.name
        folder.mkdir(parents=True)
        work(case.model_copy(update={"name": variant.name}), folder)
        return folder

    return on


def test_severity_0_is_the_baseline_bit_for_bit_through_the_same_files(run):
    baseline = run(CaseVariant("case_000"))
    for slug in ("ct-image", "pet-image"):
        unchanged = run(CaseVariant("case_000", slug, "noise", 0))
        for name in HECKTOR.output_files:
            assert (unchanged / name).read_bytes() == (baseline / name).read_bytes()


def test_a_variant_is_the_container_on_the_file_that_hnseg_perturb_makes(run, quick_model, case, tmp_path):
    folder = run(CaseVariant("case_000", "ct-image", "spike", 2))
    images = {slug: path for slug, path in case.inputs.images.items() if slug != REFERENCE}
    request = Request(kind="spike", severity=2, case="case_000", modality="ct")
    perturbed, record = perturb_image(read_scan(images["ct-image"], title="CT"), request)
    assert json.loads((folder / PERTURBATION_FILE).read_text()) == record.model_dump(mode="json")
    from hnseg.imaging.files.output_files import write_image

    write_image(perturbed, tmp_path / "ct.mha")
    given = case.inputs.model_copy(update={"images": {**images, "ct-image": tmp_path / "ct.mha"}, "inside": None})
    inner = challenge_work(HECKTOR.container_dir, open_bundle(quick_model(HECKTOR)), device="cpu", limit_s=math.inf)
    (tmp_path / "container").mkdir()
    inner.load()(case.model_copy(update={"inputs": given}), tmp_path / "container")
    for name in HECKTOR.output_files:
        assert (folder / name).read_bytes() == (tmp_path / "container" / name).read_bytes()


def test_a_variant_leaves_its_scores_and_the_same_ones_again(run):
    variant = CaseVariant("case_000", "pet-image", "noise", 1)
    first, again = run(variant), run(variant, "again")
    assert (first / SCORES_FILE).read_bytes() == (again / SCORES_FILE).read_bytes()
    assert set(files_below(first)) >= {*HECKTOR.output_files, SCORES_FILE, PERTURBATION_FILE}
    assert not [name for name in files_below(first) if name.startswith(".")]
    records = read_scores(first / SCORES_FILE)
    assert [(record.structure, str(record.variant)) for record in records] == [
        ("GTVp", "PET noise 1"),
        ("GTVn", "PET noise 1"),
    ]


def test_the_baseline_describes_the_reference(run):
    folder = run(CaseVariant("case_000"))
    record, _ = read_scores(folder / SCORES_FILE)
    assert record.variant == BASELINE
    assert {"CT_contrast", "PET_max", "sphericity"} <= record.descriptors.keys()
    assert not (folder / PERTURBATION_FILE).exists()


def test_an_image_that_the_container_refuses_counts_as_an_empty_label_map(quick_model, case, tmp_path):
    work = described(quick_model(HECKTOR)).load()
    variant = CaseVariant("case_000", "ct-image", "spike", 3)
    folder = tmp_path / "out"
    folder.mkdir()
    facts = work(case.model_copy(update={"name": variant.name}), folder)
    assert "Hounsfield" in facts[REFUSAL]
    assert [flag["kind"] for flag in facts["flags"]] == ["refused"]
    assert {*HECKTOR.output_files, SCORES_FILE, PERTURBATION_FILE} == set(files_below(folder))
    assert not array_of(read_volume(folder / HECKTOR.output_files[0], title="label map")).any()
    for record in read_scores(folder / SCORES_FILE):
        assert record.refused
        assert record.dice == 0 or not record.reference_mm3


def test_a_shortage_of_memory_is_no_refusal(quick_model, case, tmp_path):
    def short(*_given):
        raise MemoryShortError("The image must fit into memory, but it does not.")

    work = replace(described(quick_model(HECKTOR)).load(), inner=short)
    with pytest.raises(MemoryShortError):
        work(case.model_copy(update={"name": "case_000.ct-image.noise.1"}), tmp_path / "cases")
    assert not list((tmp_path / "cases").glob(SCORES_FILE))


def test_a_baseline_that_the_container_refuses_fails(quick_model, case, tmp_path):
    work = described(quick_model(HECKTOR)).load()
    images = {**case.inputs.images, "ct-image": case.inputs.images["pet-image"]}
    inputs = case.inputs.model_copy(update={"images": images})
    (tmp_path / "out").mkdir()
    with pytest.raises(InputError):
        work(case.model_copy(update={"name": "case_000.baseline", "inputs": inputs}), tmp_path / "out")
    assert not files_below(tmp_path / "out")


def test_other_choices_are_other_work(quick_model):
    model = quick_model(HECKTOR)
    same, other = described(model), described(model, seed=1)
    assert described(model).sha256 == same.sha256 != other.sha256
    assert described(model, units="physical").sha256 != same.sha256
