import json
import math
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
import SimpleITK as sitk

from containers.hnts_mrg import method
from containers.hnts_mrg.spec import MID_T2W, SPEC
from containers.recurrence import method as recurrence_method
from containers.recurrence import spec as recurrence_spec
from hnseg import pipeline
from hnseg.errors import ModelError, OutputError
from hnseg.imaging.files.checksum import sha256_of
from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.inference.labelling.foreground import Foreground
from hnseg.inference.labelling.postprocessed import postprocess
from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.model.postprocessing import FUNCTION
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.predictor import predict, start_prediction
from hnseg.pipeline import Delivery, check_maps, run_case
from hnseg.platform.answers import Answers
from hnseg.platform.challenge import Challenge, load_challenge
from hnseg.platform.inspection import Inspection
from hnseg.platform.reading import read_case
from hnseg.provenance import Provenance
from tests.support import small_recurrence
from tests.support.answering.spec import EDITIONS
from tests.support.small_case import OUTPUT_FILE, files_below, write_small_case
from tests.support.small_challenges import HNTS_MRG, ROOT
from tests.support.unsure import method as unsure_method
from tests.support.unsure import spec as unsure_spec

CHALLENGE = Challenge(SPEC, method)


@pytest.fixture
def run(tmp_path, model_dir):
    """Return a function that runs the small case through the pipeline, and returns ensemble and provenance."""
    write_small_case(tmp_path / "input")

    def run_with(folder=model_dir, *, challenge=CHALLENGE, **options):
        ensemble = load_ensemble(open_bundle(folder), device="cpu")
        provenance = Provenance()
        folders = {"inputs": tmp_path / "input", "output_dir": tmp_path / "output"}
        (tmp_path / "output").mkdir()
        run_case(challenge, ensemble, **folders, deadline=Deadline.never(), provenance=provenance, **options)
        return ensemble, json.loads(provenance.as_json())

    return run_with


@pytest.mark.numeric
def test_the_postprocessing_that_nnunet_determined_comes_before_the_methods_own(run, make_model, tmp_path):
    folder = shutil.copytree(make_model(**HNTS_MRG.model), tmp_path / "results")
    steps = {"postprocessing_fns": [FUNCTION], "postprocessing_kwargs": [{"labels_or_regions": [1, 2]}]}
    (folder / "postprocessing.json").write_text(json.dumps(steps))
    ensemble, provenance = run(folder)
    case = read_case(SPEC, tmp_path / "input")
    given = start_prediction(ensemble, method.prepare(case, method.Settings()), Deadline.never()).predict().label_map
    kept = postprocess(given, ensemble.bundle.postprocessing)
    assert kept.dropped > (0,)
    assert provenance["postprocessing"] == [{"keep_largest": [1, 2], "dropped_voxels": kept.dropped[0]}]
    assert [note for note in provenance["notes"] if "kept only the largest piece of GTVp and GTVn together" in note]
    wanted = sitk.GetArrayFromImage(method.finish(kept.label_map, case, method.Settings()))
    assert np.array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "output" / OUTPUT_FILE))), wanted)
    assert "postprocessing.json" in ensemble.bundle.sha256


def test_structures_are_compared_with_the_training_data_once_the_output_is_written(run, make_model, tmp_path):
    folder = shutil.copytree(make_model(**HNTS_MRG.model, exported=True), tmp_path / "bundle")
    manifest = json.loads((folder / "manifest.json").read_text())
    known = {"cases": 9, "empty": 0, "volume_ml": [1e6, 2e6, 3e6], "most_components": 1, "position_mm": None}
    (folder / "manifest.json").write_text(json.dumps(manifest | {"structures": {"GTVp": known, "GTVn": known}}))
    _, record = run(folder)
    assert {flag["kind"] for flag in record["structure_flags"]} & {"volume", "empty"}
    assert set(record["structures"]) == {"GTVp", "GTVn"}
    checked = (tmp_path / "output" / OUTPUT_FILE).read_bytes()
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "output").rename(tmp_path / "first")
    _, record = run(folder)
    assert "structure_flags" not in record
    assert (tmp_path / "output" / OUTPUT_FILE).read_bytes() == checked


@pytest.mark.numeric
def test_the_output_is_what_the_steps_give_one_after_another(run, tmp_path):
    ensemble, _ = run()
    case = read_case(SPEC, tmp_path / "input")
    channels = method.prepare(case, method.Settings())
    label_map = predict(ensemble, channels, Deadline.never()).label_map
    wanted = sitk.GetArrayFromImage(method.finish(label_map, case, method.Settings()))
    assert np.array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "output" / OUTPUT_FILE))), wanted)
    assert len(np.unique(wanted)) > 1


@pytest.mark.numeric
def test_the_uncertainty_is_written_beside_on_request_and_changes_no_output(run, tmp_path):
    ensemble, record = run(uncertainty_dir=tmp_path / "uncertainty")
    written = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "output" / OUTPUT_FILE)))
    case = read_case(SPEC, tmp_path / "input")
    channels = method.prepare(case, method.Settings())
    label_map = predict(ensemble, channels, Deadline.never()).label_map
    assert np.array_equal(written, sitk.GetArrayFromImage(method.finish(label_map, case, method.Settings())))
    table = json.loads((tmp_path / "uncertainty" / "structures.json").read_text())
    assert table == record["uncertainty"]
    before = sitk.GetArrayFromImage(label_map)
    voxel_ml = channels.grid.voxel_volume_mm3 / 1000
    for value, name in ((1, "GTVp"), (2, "GTVn")):
        assert table["structures"][name]["volume_ml"] == pytest.approx((before == value).sum() * voxel_ml, abs=1e-4)
    entropy = sitk.ReadImage(str(tmp_path / "uncertainty" / "entropy.nii.gz"))
    assert Grid.of(entropy).is_close_to(channels.grid)
    assert 0 < sitk.GetArrayFromImage(entropy).max() <= np.log(3) + 1e-5


def test_without_a_request_nothing_is_recorded_of_it(run):
    assert "uncertainty" not in run()[1]


def test_where_the_outputs_can_t_be_written_there_is_no_uncertainty_either(run, tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline, "write_output", failing)
    with pytest.raises(OutputError, match="no space"):
        run(uncertainty_dir=tmp_path / "uncertainty")
    assert not (tmp_path / "uncertainty").exists()


def failing(*_given, **_options):
    raise OutputError("no space")


def test_the_provenance_has_every_stage_and_what_was_read(run, tmp_path):
    _, provenance = run()
    assert list(provenance["stages_s"]) == ["read", "check", "prepare", "predict", "finish", "write"]
    assert set(provenance["inputs_sha256"]) == set(read_case(SPEC, tmp_path / "input").images)
    assert files_below(tmp_path / "output") == [OUTPUT_FILE]


def test_each_image_of_intensities_has_figures_and_a_strong_artefact_is_noted(run, tmp_path):
    path = next((tmp_path / "input/images" / MID_T2W).iterdir())
    image = sitk.ReadImage(str(path))
    shape = sitk.GetArrayViewFromImage(image).shape
    tissue = np.zeros(shape, np.float32)
    tissue[:, 4:-4, 4:-4] = 100 * np.exp(np.linspace(0, 3, shape[2])[4:-4])  # a field along x
    biased = sitk.GetImageFromArray(tissue)
    biased.CopyInformation(image)
    sitk.WriteImage(biased, str(path))
    _, provenance = run()
    case = read_case(SPEC, tmp_path / "input")
    assert list(provenance["image_check"]) == [slug for slug in case.images if SPEC.input(slug).labels is None]
    assert provenance["image_check"][MID_T2W]["bias"] > 5
    assert [note for note in provenance["notes"] if note.startswith("The mid-RT T2w may have a bias field")]


def test_what_the_method_did_without_is_noted(run, tmp_path):
    for folder in (tmp_path / "input/images").iterdir():
        if folder.name != MID_T2W:
            next(folder.iterdir()).unlink()
    _, provenance = run()
    assert provenance["notes"][0] == "There is no prior mask, so the gradient map is zero everywhere."


def test_a_model_of_another_method_is_refused(run, model_dir, tmp_path):
    folder = shutil.copytree(model_dir, tmp_path / "model")
    (folder / "method.json").write_text('{"window_hu": 400}')
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["sha256"]["method.json"] = sha256_of(folder / "method.json")
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match=r"method\.json must hold the settings of .* method, but window_hu"):
        run(folder)


def test_a_challenge_with_answers_writes_them_beside_its_label_map(run, tmp_path):
    (tmp_path / "input/the-record.json").write_text('{"stage": "T2",}')
    _, provenance = run(challenge=load_challenge(ROOT / "tests/support/answering"))
    output = tmp_path / "output"
    assert files_below(output) == [OUTPUT_FILE, "more/volume.json", "stage.json"]
    assert json.loads((output / "stage.json").read_text()) == "T2"
    voxels = int((sitk.GetArrayFromImage(sitk.ReadImage(str(output / OUTPUT_FILE))) > 0).sum())
    assert json.loads((output / "more/volume.json").read_text()) == pytest.approx(0.5 * 0.5 * 2 * voxels)
    assert list(provenance["stages_s"]) == ["read", "check", "prepare", "predict", "finish", "answer", "write"]
    assert provenance["features"] == {"voxels": voxels, "margin": 5}
    assert provenance["inputs_sha256"]["record"] == sha256_of(tmp_path / "input/the-record.json")


def test_what_is_odd_about_the_predicted_label_map_is_noted_and_recorded(run):
    def inspect(label_map, _case, _settings):
        voxels = int((sitk.GetArrayFromImage(label_map) > 0).sum())
        return Inspection((f"There are {voxels} voxels.",), {"voxels": voxels})

    inspecting = SimpleNamespace(
        Settings=method.Settings, prepare=method.prepare, finish=method.finish, inspect=inspect
    )
    _, provenance = run(challenge=Challenge(SPEC, inspecting))
    assert provenance["voxels"] > 0
    assert f"There are {provenance['voxels']} voxels." in provenance["notes"]
    assert list(provenance["stages_s"]) == ["read", "check", "prepare", "predict", "finish", "write"]


@pytest.mark.parametrize(
    ("record", "note"), [(None, "There is no health record."), ("{", "The health record must be JSON, but ")]
)
def test_without_a_value_the_method_notes_it_and_goes_on(run, tmp_path, record, note):
    if record is not None:
        (tmp_path / "input/the-record.json").write_text(record)
    _, provenance = run(challenge=load_challenge(ROOT / "tests/support/answering"))
    assert provenance["notes"][-1].startswith(note)
    assert "record" not in provenance["inputs_sha256"]
    assert json.loads((tmp_path / "output/stage.json").read_text()) == "T1"


def test_a_wrong_answer_leaves_no_label_map_either(run, tmp_path):
    answering = SimpleNamespace(**vars(method), answer=lambda *_: Answers({"stage": "T1", "volume": math.nan}))
    with pytest.raises(OutputError, match="The volume must be a finite number, but the method answered nan"):
        run(challenge=Challenge(EDITIONS["asking"], answering))
    assert files_below(tmp_path / "output") == []


def test_an_edition_without_answers_never_asks_the_method(run, tmp_path):
    answering = SimpleNamespace(**vars(method), answer=None)  # calling it would fail
    _, provenance = run(challenge=Challenge(EDITIONS["quiet"], answering))
    assert "answer" not in provenance["stages_s"]
    assert files_below(tmp_path / "output") == [OUTPUT_FILE]


UNSURE = Challenge(unsure_spec.SPEC, unsure_method)
ENTROPY_FILE = f"images/{unsure_spec.ENTROPY}/output.mha"


@pytest.mark.numeric
def test_an_entropy_map_is_written_beside_the_label_map_and_is_0_outside_the_box_of_the_network(run, tmp_path):
    ensemble, record = run(challenge=UNSURE)
    output = tmp_path / "output"
    assert files_below(output) == sorted([ENTROPY_FILE, OUTPUT_FILE])
    label_map, entropy = (sitk.ReadImage(str(output / name)) for name in (OUTPUT_FILE, ENTROPY_FILE))
    assert Grid.of(entropy) == Grid.of(label_map)
    case = read_case(SPEC, tmp_path / "input")
    channels = unsure_method.prepare(case, method.Settings())
    found = start_prediction(ensemble, channels, Deadline.never(), uncertainty=True).predict()
    values = sitk.GetArrayFromImage(entropy)
    inner = (slice(1, -1),) * 3
    assert np.array_equal(values[inner], found.uncertainty.entropies[0])
    assert values[inner].max() > 0.1
    values[inner] = 0
    assert not values.any()
    assert np.array_equal(sitk.GetArrayFromImage(label_map)[inner], sitk.GetArrayFromImage(found.label_map))
    assert record["uncertainty"]["members"] == 2


def test_with_a_map_and_a_folder_for_the_uncertainty_both_are_written(run, tmp_path):
    run(challenge=UNSURE, uncertainty_dir=tmp_path / "uncertainty")
    beside = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "uncertainty" / "entropy.nii.gz")))
    entropy = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "output" / ENTROPY_FILE)))
    assert np.array_equal(beside, entropy[1:-1, 1:-1, 1:-1])


@pytest.mark.parametrize(
    ("model", "found"),
    [
        ({"labels": {"background": 0, "a": 1, "b": 2, "c": 3}}, "has 4 classes, and may reach 1.386"),
        (
            {"labels": {"background": 0, "whole": [1, 2], "core": 2}, "regions_class_order": (1, 2)},
            "has 2 regions, which may overlap, and may reach 1.386",
        ),
    ],
)
def test_a_model_whose_entropy_may_be_larger_is_refused_before_it_runs(make_model, model, found):
    with pytest.raises(ModelError, match=rf"must be at most 1\.099 nats, that of 3 equally likely.*{found}"):
        check_maps(unsure_spec.SPEC, open_bundle(make_model(**model)))


@pytest.mark.parametrize(
    ("model", "found"),
    [
        ({"labels": {"background": 0, "a": 1, "b": 2}}, "has 2"),
        ({"labels": {"background": 0, "whole": [1, 2], "core": 2}, "regions_class_order": (1, 2)}, "has 2"),
    ],
    ids=["classes", "regions"],
)
def test_a_model_of_more_structures_than_the_probability_is_of_is_refused(make_model, model, found):
    with pytest.raises(ModelError, match=f"must have one structure beside background.*{found}"):
        check_maps(recurrence_spec.SPEC, open_bundle(make_model(**model)))


def test_a_model_whose_probability_can_t_be_had_is_refused_before_any_case(make_model):
    folder = make_model(labels={"background": 0, "recurrence": 1})
    plans = json.loads((folder / "plans.json").read_text())
    resampling = plans["configurations"]["3d_fullres"]["resampling_fn_probabilities_kwargs"]
    plans["configurations"]["3d_fullres"]["resampling_fn_probabilities_kwargs"] = {**resampling, "order": 3}
    (folder / "plans.json").write_text(json.dumps(plans))
    with pytest.raises(ModelError, match=r"must resample its logits linearly, .* has splines of a higher order"):
        check_maps(recurrence_spec.SPEC, open_bundle(folder))


@pytest.mark.parametrize(("threshold", "labelled"), [(0.3, 3), (0.5, 0), (0.7, 1)])
def test_a_preview_too_lies_over_the_methods_threshold(make_model, tmp_path, threshold, labelled):
    bundle = open_bundle(make_model(labels={"background": 0, "recurrence": 1}))
    case = small_recurrence.case_of()
    grid = Grid.of(case.reference)
    foreground = Foreground.begin(2, grid)
    foreground.outputs[1, 0, 0, :4] = 0.2, 0.4, 0.6, 0.8
    settings = recurrence_method.Settings(threshold=threshold)
    challenge = Challenge(recurrence_spec.SPEC, recurrence_method)
    delivery = Delivery(challenge, bundle, case, settings, tmp_path, foreground=foreground)
    networks_own = image_of(np.zeros(grid.shape_zyx, np.uint8), grid)  # kept where the threshold is one half
    delivery.deliver_preview(networks_own, None)
    assert array_of(sitk.ReadImage(str(tmp_path / small_recurrence.OUTPUT_FILE))).sum() == labelled
