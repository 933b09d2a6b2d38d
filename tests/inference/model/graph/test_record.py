"""Record of a bundle's graphs."""

import pytest
from pydantic import ValidationError

from hnseg.inference.model.graph.record import Graphs

VALUES = {"trainer": "nnUNetTrainerOwn", "patch_size": (16, 24, 24), "opset": 17, "pass_gib": 0.25}


def test_a_record_comes_back_from_its_json():
    record = Graphs(**VALUES)
    assert record.kind == "graph"
    assert Graphs.model_validate_json(record.model_dump_json()) == record


@pytest.mark.parametrize(
    "wrong", [{"trainer": ""}, {"patch_size": (16,)}, {"opset": 0}, {"pass_gib": 0}, {"code": "x"}]
)
def test_values_that_no_graph_has_are_refused(wrong):
    with pytest.raises(ValidationError):
        Graphs(**VALUES | wrong)
