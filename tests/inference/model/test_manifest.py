"""Manifest of an exported bundle: files that it must list, and their checksums."""

import json

import pytest
from pydantic import ValidationError

from hnseg.inference.model.calibration import Calibration
from hnseg.inference.model.graph.record import Graphs
from hnseg.inference.model.manifest import Manifest, weights_file
from hnseg.inference.model.structure_range import StructureRange

FILES = ("plans.json", "dataset.json", "fold_0.safetensors", "fold_all.safetensors")


def manifest_of(files):
    return Manifest(
        name="test",
        version="1",
        licence="CC0-1.0",
        training_data="none",
        configuration="3d_fullres",
        mirroring_axes=(),
        folds=(0, "all"),
        sha256=dict.fromkeys(files, "0" * 64),
    )


def test_a_manifest_comes_back_from_its_json():
    manifest = manifest_of(FILES)
    assert Manifest.model_validate_json(manifest.model_dump_json()) == manifest
    assert manifest.format == "hnseg-bundle-1"


def test_ranges_of_structures_are_kept_and_none_are_not_named():
    ranges = StructureRange(cases=3, empty=1, volume_ml=(1, 2, 3), most_components=2, position_mm=None)
    manifest = manifest_of(FILES).model_copy(update={"structures": {"GTVp": ranges}})
    assert Manifest.model_validate_json(manifest.text()).structures == {"GTVp": ranges}
    assert "structures" not in json.loads(manifest_of(FILES).text())
    assert Manifest.model_validate_json(manifest_of(FILES).text()).structures == {}


def test_a_calibration_is_kept_and_none_is_not_named():
    calibration = Calibration(
        temperatures={"background": 1.2}, cases=2, voxels=10, band_mm=10, ece_before=0.2, ece_after=0.1
    )
    manifest = manifest_of(FILES).model_copy(update={"calibration": calibration})
    assert Manifest.model_validate_json(manifest.text()).calibration == calibration
    assert "calibration" not in json.loads(manifest_of(FILES).text())


def test_graphs_are_another_format_with_other_files():
    graphs = {"trainer": "nnUNetTrainerOwn", "patch_size": [8, 16, 16], "opset": 17, "pass_gib": 0.5}
    content = json.loads(manifest_of(FILES).text())
    assert "architecture" not in content
    content["sha256"] = dict.fromkeys(("plans.json", "dataset.json", "fold_0.onnx", "fold_all.onnx"), "0" * 64)
    manifest = Manifest.model_validate(content | {"format": "hnseg-bundle-2", "architecture": graphs})
    assert manifest.architecture == Graphs.model_validate(graphs)
    assert Manifest.model_validate_json(manifest.text()) == manifest
    with pytest.raises(ValidationError, match="format must be hnseg-bundle-2 where architecture is there"):
        Manifest.model_validate(content | {"architecture": graphs})
    with pytest.raises(ValidationError, match="format must be hnseg-bundle-1 where architecture is missing"):
        manifest_of(FILES).model_validate(json.loads(manifest_of(FILES).text()) | {"format": "hnseg-bundle-2"})


@pytest.mark.parametrize("missing", FILES)
def test_every_file_must_be_listed(missing):
    with pytest.raises(ValidationError, match=f"sha256 must list every file of the bundle, but {missing} is missing"):
        manifest_of([name for name in FILES if name != missing])


def test_a_fold_has_a_file_of_its_name():
    assert [weights_file(fold) for fold in (0, "all")] == ["fold_0.safetensors", "fold_all.safetensors"]
