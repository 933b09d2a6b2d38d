import json
import shutil
import tarfile
from pathlib import Path

import pytest
import torch

from hnseg.errors import InputError, ModelError, OutputError
from hnseg.imaging.files.checksum import sha256_of
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.model.postprocessing import FUNCTION
from hnseg.inference.model.weights import read_weights
from hnseg_training.dataset.work_folder import WorkFolder
from hnseg_training.export import Label, export
from hnseg_training.fitting.preset import PRESETS
from tests.support.nnunet_oracle import Wanted, write_cascade

DEMO = PRESETS["demo"]
LABEL = Label(name="test", version="1", licence="CC0-1.0", training_data="phantoms", metrics={"mean DSC": 0.5})


@pytest.fixture
def bundle(trained, tmp_path) -> Path:
    export(trained, DEMO, tmp_path / "model", folds=[0, 3], checkpoint="final", label=LABEL)
    return tmp_path / "model"


def test_the_weights_are_the_checkpoints_to_the_last_bit(bundle, trained):
    path = trained.results(DEMO.result_name) / "fold_3" / "checkpoint_final.pth"
    expected = torch.load(path, weights_only=False)["network_weights"]
    exported = read_weights(bundle / "fold_3.safetensors")
    assert all(torch.equal(exported[name], expected[name]) for name in exported)
    assert len(exported) == len({tensor.data_ptr() for tensor in expected.values()})  # the rest are other names


def test_the_bundle_opens(bundle):
    opened = open_bundle(bundle)
    assert list(opened.folds) == [0, 3]
    assert opened.settings == json.loads((bundle / "method.json").read_text())


def test_the_manifest_has_the_label_and_all_checksums(bundle):
    manifest = json.loads((bundle / "manifest.json").read_text())
    assert manifest["name"] == "test"
    assert manifest["training_data"] == "phantoms"
    assert manifest["metrics"] == {"mean DSC": 0.5}
    assert manifest["mirroring_axes"] == [0, 1, 2]
    files = {path.name for path in bundle.iterdir()} - {"manifest.json"}
    assert manifest["sha256"] == {name: sha256_of(bundle / name) for name in files}


def test_the_graph_for_openvino_is_shipped_on_request(trained, tmp_path):
    pytest.importorskip("openvino")
    folder = tmp_path / "model"
    export(trained, DEMO, folder, folds=[3], checkpoint="final", label=LABEL, openvino=True)
    manifest = json.loads((folder / "manifest.json").read_text())
    files = {path.name for path in folder.iterdir()} - {"manifest.json"}
    assert files >= {"network.xml", "network.bin"}
    assert manifest["sha256"] == {name: sha256_of(folder / name) for name in files}
    assert all(path.stat().st_mode & 0o444 == 0o444 for path in folder.iterdir())
    assert open_bundle(folder).further_file("network.xml") == folder / "network.xml"


def test_the_manifest_has_the_ranges_of_the_structures(bundle):
    structures = open_bundle(bundle).manifest.structures
    assert list(structures) == ["GTVp", "GTVn"]
    assert (structures["GTVp"].cases, structures["GTVp"].empty) == (10, 0)


def test_ranges_may_be_left_out_as_versions_without_them_read_it(trained, tmp_path):
    export(trained, DEMO, tmp_path / "model", folds=[0], checkpoint="final", label=LABEL, workers=None)
    assert "structures" not in json.loads((tmp_path / "model" / "manifest.json").read_text())
    assert open_bundle(tmp_path / "model").manifest.structures == {}


@pytest.fixture(scope="module")
def cascade(tmp_path_factory) -> WorkFolder:
    """Return a work folder whose result folder is a cascade's second stage, with the first inside."""
    root = tmp_path_factory.mktemp("cascade")
    wanted = Wanted(
        labels={"background": 0, "GTVp": 1, "GTVn": 2},
        channel_names=["T2w", "noNorm"],
        patch=(24, 36, 36),
        spacing_mm=(1.5, 1.5, 1.5),
        largest_patch=2e4,
    )
    second = write_cascade(wanted, (0,), root / "nnunet", first_folds=(0, 1))
    work = WorkFolder(root / "work", "Dataset501_hnts_mrg")
    results = work.results(DEMO.result_name)
    shutil.copytree(second, results)
    shutil.copytree(second.with_name(second.name.replace("cascade_fullres", "lowres")), results / "previous")
    return work


@pytest.mark.parametrize("openvino", [False, True])
def test_a_cascade_is_exported_with_all_folds_of_its_first_stage(cascade, tmp_path, openvino):
    if openvino:
        pytest.importorskip("openvino")
    folder = tmp_path / "model"
    chosen = {"folds": [0], "checkpoint": "final", "label": LABEL, "workers": None}
    archive = export(cascade, DEMO, folder, openvino=openvino, **chosen)
    opened = open_bundle(folder)
    assert opened.previous.folds == (0, 1)
    assert opened.previous.manifest.name == "test, 3d_lowres"
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert set(opened.manifest.sha256) == files - {"manifest.json"}
    assert ("previous/network.xml" in files) == openvino
    with tarfile.open(archive) as tar:
        assert {name.removeprefix("./") for name in tar.getnames()} == files
        tar.extractall(tmp_path / "unpacked", filter="data")
    assert open_bundle(tmp_path / "unpacked").sha256 == opened.sha256


def test_any_user_may_read_the_bundle(bundle):
    assert all(path.stat().st_mode & 0o444 == 0o444 for path in bundle.iterdir())


def test_the_archive_has_the_bundle_at_its_root(bundle, tmp_path):
    with tarfile.open(tmp_path / "model.tar.gz") as tar:
        tar.extractall(tmp_path / "unpacked", filter="data")
    assert {path.name: sha256_of(path) for path in (tmp_path / "unpacked").iterdir()} == {
        path.name: sha256_of(path) for path in bundle.iterdir()
    }


def test_the_best_checkpoint_may_be_exported(trained, tmp_path):
    export(trained, DEMO, tmp_path / "model", folds=[0], checkpoint="best", label=LABEL)
    path = trained.results(DEMO.result_name) / "fold_0" / "checkpoint_best.pth"
    expected = torch.load(path, weights_only=False)["network_weights"]
    exported = read_weights(tmp_path / "model" / "fold_0.safetensors")
    assert all(torch.equal(exported[name], expected[name]) for name in exported)


def test_a_fold_that_is_not_trained_is_refused(trained, tmp_path):
    with pytest.raises(ModelError, match=r"fold_2/checkpoint_final\.pth is missing in .*Was training interrupted"):
        export(trained, DEMO, tmp_path / "model", folds=[0, 2, 3], checkpoint="final", label=LABEL)
    assert not list(tmp_path.iterdir())


def test_a_folder_with_something_in_it_is_refused(bundle, trained):
    with pytest.raises(InputError, match="must be empty or not exist yet"):
        export(trained, DEMO, bundle, folds=[0], checkpoint="final", label=LABEL)


def test_a_former_archive_survives_a_failed_export(trained, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    (tmp_path / "model.tar.gz").write_text("former")
    monkeypatch.setattr("hnseg_training.export.write_archive", fail)
    with pytest.raises(OutputError, match=r"A bundle must be written to .*model, but that failed: No space left"):
        export(trained, DEMO, tmp_path / "model", folds=[0], checkpoint="final", label=LABEL)
    assert {path.name for path in tmp_path.iterdir()} == {"model.tar.gz"}
    assert (tmp_path / "model.tar.gz").read_text() == "former"


def test_a_place_that_is_none_is_refused_before_the_weights_are_read(trained, tmp_path):
    (tmp_path / "file").write_text("former")
    (tmp_path / "model.tar.gz").mkdir()
    options = {"folds": [0], "checkpoint": "final", "label": LABEL}
    with pytest.raises(OutputError, match=r"A bundle must be written to .*file/model, but that failed: "):
        export(trained, DEMO, tmp_path / "file" / "model", **options)
    with pytest.raises(OutputError, match=r"The archive must be written to .*, but that failed: Is a directory"):
        export(trained, DEMO, tmp_path / "model", **options)
    assert {path.name for path in tmp_path.iterdir()} == {"file", "model.tar.gz"}


def test_the_postprocessing_of_the_same_folds_is_found_and_exported(trained, tmp_path, monkeypatch, caplog):
    caplog.set_level("INFO")
    steps = {"postprocessing_fns": [FUNCTION], "postprocessing_kwargs": [{"labels_or_regions": [1, 2]}]}
    given = tmp_path / "other" / "postprocessing.json"
    given.parent.mkdir()
    given.write_text(json.dumps(steps))
    monkeypatch.setattr("hnseg_training.export.find_postprocessing", lambda *_: given)
    options = {"folds": [0], "checkpoint": "final", "label": LABEL, "workers": None}
    export(trained, DEMO, tmp_path / "found", **options)
    export(trained, DEMO, tmp_path / "none", postprocessing="none", **options)
    assert open_bundle(tmp_path / "found").postprocessing.keep_largest[0].labels == (1, 2)
    assert "postprocessing.json" in json.loads((tmp_path / "found" / "manifest.json").read_text())["sha256"]
    assert "keep the largest piece of the labels 1, 2" in caplog.text
    assert not (tmp_path / "none" / "postprocessing.json").exists()
    steps["postprocessing_kwargs"] = [{"labels_or_regions": 9}]
    given.write_text(json.dumps(steps))
    with pytest.raises(ModelError, match=r"must be of the model's labels \(1, 2\), but names 9"):
        export(trained, DEMO, tmp_path / "refused", postprocessing=given, **options)
    assert not (tmp_path / "refused").exists()
