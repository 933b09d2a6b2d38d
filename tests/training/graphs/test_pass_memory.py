"""Memory of a pass: at least that of its logits, whatever the process that asks holds."""

import onnx

from hnseg.machine import GIB
from hnseg_training.graphs.pass_memory import pass_gib
from tests.support.onnx_graphs import convolution

BATCH = (1, 1, 64, 64, 64)
OUTPUTS = 64


def test_a_pass_takes_at_least_its_logits_and_not_many_times_as_much(tmp_path):
    onnx.save_model(convolution(BATCH, OUTPUTS), tmp_path / "fold_0.onnx")
    logits_gib = 4 * OUTPUTS * 64**3 / GIB
    assert 0.9 * logits_gib < pass_gib(tmp_path / "fold_0.onnx", BATCH) < 5 * logits_gib
