import json

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.cohort.output_facts import facts_of_output
from hnseg.inference.model.structure_range import StructureRange
from tests.support.made_up_cohort import LABELS

EXPECTED = {
    "GTVp": StructureRange(cases=60, empty=0, volume_ml=(2, 8, 30), most_components=1, at_border=0, position_mm=None),
}


@pytest.fixture
def files(tmp_path):
    """A scan of noise, and a label map with 0.1 ml of the first structure in its middle: their paths."""
    scan = sitk.GetImageFromArray(np.random.default_rng(0).normal(100, 10, (8, 40, 40)).astype(np.float32))
    found = np.zeros((8, 40, 40), np.uint8)
    found[3, 10:20, 10:20] = 1
    paths = tmp_path / "scan.nii.gz", tmp_path / "label_map.nii.gz"
    sitk.WriteImage(scan, str(paths[0]))
    sitk.WriteImage(sitk.GetImageFromArray(found), str(paths[1]))
    return paths


@pytest.fixture
def facts(files, tmp_path):
    """Compute the facts of the files' case, from facts that are known."""

    def compute(**known):
        return facts_of_output(*files, LABELS, tmp_path / "report", facts=known, expected=EXPECTED)

    return compute


def test_a_case_is_measured_flagged_and_drawn(facts, tmp_path):
    provenance = {"notes": ["A note."]}
    found = facts(provenance=provenance)
    assert found["provenance"] == provenance
    assert [found["structures"][name]["volume_ml"] for name in ("GTVp", "GTVn")] == [0.1, 0.0]
    assert [(flag["kind"], flag["structure"]) for flag in found["flags"]] == [("volume", "GTVp")]
    assert sorted(path.name for path in (tmp_path / "report").iterdir()) == ["overlay.png", "thumbnail.png"]
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize("which", [0, 1], ids=["scan", "label map"])
def test_a_damaged_image_is_told_and_the_case_is_not_failed(facts, files, tmp_path, which):
    files[which].write_bytes(files[which].read_bytes()[:100])
    found = facts(provenance={"registration": {"status": "rejected", "reason": "the overlap is small"}})
    assert str(files[which]) in found["not_drawn"]
    assert [flag["kind"] for flag in found["flags"]] == ["registration"]
    assert "structures" not in found
    assert not (tmp_path / "report").exists()


def test_a_label_map_on_another_grid_is_told(facts, files):
    sitk.WriteImage(sitk.Image((40, 40, 7), sitk.sitkUInt8), str(files[1]))
    assert facts()["not_drawn"] == "The label map must lie on the scan's grid, but it does not."
