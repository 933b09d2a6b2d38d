"""Work of a challenge, beside the container's program on the same case."""

import json
import shutil
from pathlib import Path

import pytest

from hnseg import entrypoint
from hnseg.cohort.case import CohortCase
from hnseg.cohort.challenge_work import challenge_work
from hnseg.cohort.finding.find import find_cohort
from hnseg.cohort.state.store import REPORT_FOLDER
from hnseg.cohort.work import WorkReference
from hnseg.errors import DeadlineError, InputError, ModelError
from hnseg.imaging.files.checksum import sha256_of
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.model.manifest import METHOD_FILE
from hnseg.platform.challenge import load_challenge
from hnseg.rule.model import open_model
from tests.support.small_case import files_below
from tests.support.small_challenges import HECKTOR, HNTS_MRG, RECURRENCE


def described(challenge, model, **options):
    """The reference as it reaches the process that loads it."""
    given = challenge_work(challenge.container_dir, open_bundle(model), device="cpu", **options)
    return WorkReference.model_validate_json(given.model_dump_json())


@pytest.fixture
def small_case(tmp_path):
    def write(challenge) -> CohortCase:
        challenge.write_case(tmp_path / "cases/case_000/input")
        (case,) = find_cohort(tmp_path / "cases", load_challenge(challenge.container_dir).spec).cases
        return case

    return write


@pytest.mark.parametrize("challenge", [HNTS_MRG, HECKTOR], ids=lambda challenge: challenge.name)
def test_the_outputs_are_those_of_the_container(challenge, quick_model, small_case, tmp_path, capsys):
    case, model = small_case(challenge), quick_model(challenge)
    folders = [tmp_path / "own", tmp_path / "container"]
    for folder in folders:
        folder.mkdir()
    facts = described(challenge, model, limit_s=1e9).load()(case, folders[0])
    words = ["--input", case.inputs.inside, "--output", folders[1], "--model", model, "--device", "cpu"]
    words += ["--limit-s", "1e9"]  # the container's time counts from the process's start, which is that of all tests
    assert entrypoint.run(load_challenge(challenge.container_dir), list(map(str, words))) == 0
    own, container = ({name: (folder / name).read_bytes() for name in challenge.output_files} for folder in folders)
    assert own == container
    own_files = [name for name in files_below(folders[0]) if not name.startswith(f"{REPORT_FOLDER}/")]
    assert own_files == challenge.output_files
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    facts = facts["provenance"]
    assert facts.keys() == told.keys()
    for key in ("challenge", "limit_s", "model_sha256", "inputs_sha256", "settings"):
        assert facts[key] == told[key]


def test_a_rule_is_a_work_without_networks(small_case, tmp_path):
    case = small_case(RECURRENCE)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / METHOD_FILE).write_text('{"rule": "gtv"}')
    model = open_model(tmp_path / "model", load_challenge(RECURRENCE.container_dir).method)
    given = challenge_work(RECURRENCE.container_dir, model, device="cpu", settings_override={"rule": "suvmax"})
    (tmp_path / "own").mkdir()
    facts = WorkReference.model_validate_json(given.model_dump_json()).load()(case, tmp_path / "own")
    found = [name for name in files_below(tmp_path / "own") if not name.startswith(f"{REPORT_FOLDER}/")]
    assert found == RECURRENCE.output_files
    assert facts["provenance"]["settings"]["rule"] == given.identity["settings"]["rule"] == "suvmax"
    assert facts["provenance"]["suvmax"]["brain"] == "mask"
    assert facts["structures"]["recurrence"]["volume_ml"] > 0


def test_the_ensemble_is_loaded_once(small_case, model_dir, tmp_path, monkeypatch):
    from hnseg.inference import loading

    loads = []
    load = loading.load_ensemble
    monkeypatch.setattr(loading, "load_ensemble", lambda *given, **named: loads.append(1) or load(*given, **named))
    work, case = described(HNTS_MRG, model_dir).load(), small_case(HNTS_MRG)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        work(case, tmp_path / name)
    assert len(loads) == 1
    assert (tmp_path / "a" / HNTS_MRG.output_file).read_bytes() == (tmp_path / "b" / HNTS_MRG.output_file).read_bytes()


def test_settings_can_be_overridden(small_case, model_dir, tmp_path):
    override = {"minimum_volume_mm3": {"GTVp": 1e6}}
    facts = described(HNTS_MRG, model_dir, settings_override=override).load()(small_case(HNTS_MRG), tmp_path)
    assert facts["provenance"]["settings"].items() >= override.items()


def test_a_broken_case_raises_its_sentence_and_the_time_counts_from_the_case(small_case, model_dir, tmp_path):
    case = small_case(HNTS_MRG)
    with pytest.raises(DeadlineError, match=r"within 0\.001 s"):
        described(HNTS_MRG, model_dir, limit_s=0.001).load()(case, tmp_path)
    image = next(iter(case.inputs.images.values()))
    image.write_bytes(image.read_bytes()[:-100])
    with pytest.raises(InputError, match="mid-RT T2w"):
        described(HNTS_MRG, model_dir).load()(case, tmp_path)


def test_the_limit_is_the_challenges_or_another_or_none(model_dir, small_case, tmp_path):
    limits = {limit: described(HNTS_MRG, model_dir, limit_s=limit) for limit in (None, 5.0, float("inf"))}
    assert [work.identity["limit_s"] for work in limits.values()] == [20 * 60, 5.0, None]
    facts = limits[float("inf")].load()(small_case(HNTS_MRG), tmp_path)
    assert facts["provenance"]["limit_s"] is None


@pytest.mark.parametrize(
    "changed",
    [
        {"precision": "fast"},
        {"backend": "torch"},
        {"skip": "air"},
        {"limit_s": 5},
        {"settings_override": {"minimum_volume_mm3": {"GTVp": 1.0}}},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_other_options_are_other_work(model_dir, changed):
    assert described(HNTS_MRG, model_dir, **changed).sha256 != described(HNTS_MRG, model_dir).sha256


def test_another_model_is_other_work_and_the_same_model_elsewhere_is_not(model_dir, tmp_path):
    same, other = (Path(shutil.copytree(model_dir, tmp_path / name)) for name in ("same", "other"))
    (other / METHOD_FILE).write_text(json.dumps({"minimum_volume_mm3": {"GTVp": 2.0}}))
    manifest = json.loads((other / "manifest.json").read_text())
    manifest["sha256"][METHOD_FILE] = sha256_of(other / METHOD_FILE)
    (other / "manifest.json").write_text(json.dumps(manifest))
    works = [described(HNTS_MRG, folder) for folder in (model_dir, same, other)]
    assert works[0].sha256 == works[1].sha256 != works[2].sha256


def test_a_model_that_cant_be_used_is_refused_at_once(tmp_path, quick_model):
    with pytest.raises(ModelError, match="must be a folder"):
        described(HNTS_MRG, tmp_path / "none")
    with pytest.raises(ModelError, match="Was the model made for another challenge"):
        described(HNTS_MRG, quick_model(HECKTOR))


def test_a_folder_of_several_models_is_run_by_work_and_container_alike(quick_model, small_case, tmp_path, capsys):
    case = small_case(HNTS_MRG)
    for name in ("a", "b"):
        shutil.copytree(quick_model(HNTS_MRG), tmp_path / "models" / name)
    folders = [tmp_path / "own", tmp_path / "container"]
    for folder in folders:
        folder.mkdir()
    opened = open_model(tmp_path / "models", load_challenge(HNTS_MRG.container_dir).method)
    given = challenge_work(HNTS_MRG.container_dir, opened, device="cpu", limit_s=1e5)
    facts = WorkReference.model_validate_json(given.model_dump_json()).load()(case, folders[0])
    words = ["--input", case.inputs.inside, "--output", folders[1], "--model", tmp_path / "models", "--device", "cpu"]
    assert entrypoint.run(load_challenge(HNTS_MRG.container_dir), [*map(str, words), "--limit-s", "1e9"]) == 0
    own, container = ({name: (folder / name).read_bytes() for name in HNTS_MRG.output_files} for folder in folders)
    assert own == container
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [model["name"] for model in told["models"]] == ["a", "b"]
    assert told["model_sha256"] == facts["provenance"]["model_sha256"]
    assert {"a/manifest.json", "b/manifest.json"}.isdisjoint(told["model_sha256"])
    assert "b/fold_0.safetensors" in told["model_sha256"]


def test_an_uncertainty_of_several_models_is_refused_before_any_case(quick_model):
    models = open_model([quick_model(HNTS_MRG)] * 2, load_challenge(HNTS_MRG.container_dir).method)
    with pytest.raises(InputError, match="An uncertainty is that of one model's folds"):
        challenge_work(HNTS_MRG.container_dir, models, uncertainty=True)
