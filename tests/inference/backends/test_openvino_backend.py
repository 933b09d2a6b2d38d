"""Folds run by OpenVINO: their logits beside those of torch, and the graph of a bundle."""

import gc
import logging
import subprocess
import sys

import numpy as np
import pytest
import torch

from hnseg.errors import ModelError
from hnseg.imaging.files.checksum import sha256_of
from hnseg.imaging.geometry import array_of
from hnseg.inference.backends.torch_backend import TorchBackend
from hnseg.inference.ensemble import Ensemble
from hnseg.inference.model.architecture import network_of
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.planning.effort import Effort
from hnseg.inference.predictor import predict
from hnseg.machine import usable_threads
from tests.support.exported_bundles import ship_graph
from tests.support.small_ensembles import PLAIN, logits_of, noise
from tests.support.tolerances import assert_same_logits

pytest.importorskip("openvino")

from hnseg.inference.backends import openvino_backend
from hnseg.inference.backends.openvino_backend import OpenvinoBackend
from hnseg.inference.backends.openvino_graph import core, graph_of, with_weights

MAP_MIB = 4 * 8 * 16 * 256 * 256 / (1 << 20)  # of the features of a layer at full resolution


def tile_of(bundle):
    shape = (1, len(bundle.channels), *bundle.configuration.patch_size)
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.numeric
def test_every_fold_gives_the_logits_that_torch_gives(exported):
    bundle = open_bundle(exported)
    theirs, ours = TorchBackend.load(bundle), OpenvinoBackend.load(bundle)
    gc.collect()  # the weights must stay
    for fold in (0, 1):
        logits = ours.logits(fold, tile_of(bundle))
        assert logits.dtype == torch.float32
        assert_same_logits(logits.numpy(), theirs.logits(fold, tile_of(bundle)).numpy())


@pytest.mark.parametrize(("long_s", "folds"), [(0.0, (1, 2)), (3600.0, ())])
def test_which_fold_is_compiled_is_told_where_it_takes_long(exported, caplog, monkeypatch, long_s, folds):
    caplog.set_level(logging.INFO, logger="hnseg")
    monkeypatch.setattr(openvino_backend, "_LONG_S", long_s)
    OpenvinoBackend.load(open_bundle(exported))
    lines = [record.getMessage() for record in caplog.records]
    told = [line for line in lines if line.startswith("progress: ")]
    assert told == [f"progress: compiling fold {fold} of 2 by OpenVINO" for fold in folds]


@pytest.fixture(params=["8x32x32", "32x48", "shipped"])
def bundle(request, make_model, exported):
    """Return a bundle of a 3-D network, of a 2-D one, and one that ships its graph."""
    if request.param == "shipped":
        ship_graph(exported)
    flat = {"configuration": "2d", "patch": (8, 32, 48)} if request.param == "32x48" else {}
    return open_bundle(make_model(exported=True, **flat) if flat else exported)


@pytest.mark.numeric
def test_logits_are_those_of_the_network_as_converted_with_the_classes_of_a_voxel_side_by_side(bundle):
    backend, tile = OpenvinoBackend.load(bundle), tile_of(bundle)
    logits = backend.logits(0, tile)
    plain = with_weights(graph_of(bundle), network_of(bundle, 0).state_dict(), tile.shape, bundle.folder)
    settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": usable_threads()}
    expected = core().compile_model(plain, "CPU", settings)(tile.numpy())[0]
    assert np.array_equal(logits.numpy(), expected)
    assert backend.channels_last
    assert logits.movedim(1, -1).is_contiguous()


class ClassByClass(OpenvinoBackend):
    """Networks whose logits lie in memory class after class."""

    channels_last = False

    def logits(self, fold, batch):
        return super().logits(fold, batch).contiguous()


@pytest.mark.numeric
@pytest.mark.parametrize("shape_xyz", [(11, 12, 6), (6, 30, 5)])  # rolling along slices, and along rows
def test_mean_logits_and_labels_are_the_same_however_they_lie_in_memory(small_patch, shape_xyz):
    side_by_side = OpenvinoBackend.load(small_patch)
    apart = ClassByClass(side_by_side.models, side_by_side.precision, side_by_side.arithmetic)
    image = noise(shape_xyz, (2.0, 2.0, 3.0))
    ours, theirs = (Ensemble(small_patch, backend) for backend in (side_by_side, apart))
    assert np.array_equal(logits_of(ours, image, Effort()), logits_of(theirs, image, Effort()))
    labels, expected = (array_of(predict(each, image, effort=PLAIN).label_map) for each in (ours, theirs))
    assert np.array_equal(labels, expected)
    assert len(np.unique(labels)) == 3


@pytest.mark.numeric
def test_a_fold_that_was_released_gives_the_same_logits(exported):
    bundle = open_bundle(exported)
    backend = OpenvinoBackend.load(bundle)
    first = backend.logits(0, tile_of(bundle)).clone()
    backend.release(0)
    assert torch.equal(backend.logits(0, tile_of(bundle)), first)


def test_fast_computes_in_bfloat16_where_the_processor_has_it(exported):
    bundle = open_bundle(exported)
    exact, fast = (OpenvinoBackend.load(bundle, precision) for precision in ("exact", "fast"))
    assert exact.arithmetic == torch.float32
    difference = (fast.logits(0, tile_of(bundle)) - exact.logits(0, tile_of(bundle))).abs().max()
    assert (difference > 1e-3) == (fast.arithmetic == torch.bfloat16)


def test_a_shipped_graph_is_used_as_it_is_and_nothing_is_written(exported, caplog):
    bundle = open_bundle(exported)
    with caplog.at_level(logging.INFO):
        converted = OpenvinoBackend.load(bundle).logits(1, tile_of(bundle)).clone()
    assert caplog.messages[0].startswith("network converted for OpenVINO in ")
    ship_graph(exported)
    caplog.clear()
    before = {path.name: sha256_of(path) for path in exported.iterdir()}
    with caplog.at_level(logging.INFO):
        shipped = OpenvinoBackend.load(open_bundle(exported)).logits(1, tile_of(bundle))
    assert torch.equal(shipped, converted)
    assert caplog.messages == []
    assert {path.name: sha256_of(path) for path in exported.iterdir()} == before


def test_a_graph_of_another_model_is_refused(exported, make_model):
    other = make_model(folds=(0,), exported=True, labels={"background": 0, "a": 1}, planner="resenc")
    ship_graph(exported, other)
    with pytest.raises(ModelError, match="must be that of the network that the plans describe, but is not"):
        OpenvinoBackend.load(open_bundle(exported))


def test_a_batch_may_be_a_view(exported):
    bundle = open_bundle(exported)
    backend, tile = OpenvinoBackend.load(bundle), tile_of(bundle)
    view = tile.transpose(-1, -2).contiguous().transpose(-1, -2)
    assert np.array_equal(backend.logits(0, view).clone(), backend.logits(0, tile))


SIGNALLED = """
import gc, signal, sys, time
from pathlib import Path
from hnseg.inference.backends import openvino_backend
from hnseg.inference.backends.openvino_backend import OpenvinoBackend
from hnseg.inference.model.bundle import open_bundle
bundle = open_bundle(Path(sys.argv[1]))
first, second = OpenvinoBackend.load(bundle), OpenvinoBackend.load(bundle, "fast")
del first
gc.collect()
del second
gc.collect()
signal.signal(signal.SIGALRM, lambda *_: print("heeded"))
signal.setitimer(signal.ITIMER_REAL, 0.05)
time.sleep(0.5)
"""


def test_a_signal_is_heeded_after_several_backends_have_come_and_gone(exported):
    command = [sys.executable, "-c", SIGNALLED, exported]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert (done.returncode, done.stdout.split()) == (0, ["heeded"]), done.stderr


WEIGHED = """
import sys
from pathlib import Path
import torch
from hnseg.inference.backends import openvino_backend
from hnseg.inference.backends.openvino_backend import OpenvinoBackend
from hnseg.inference.model.bundle import open_bundle

def say_data_mib():  # which a limit on data (RLIMIT_DATA) counts
    lines = Path("/proc/self/status").read_text().splitlines()
    print(next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmData")))

bundle = open_bundle(Path(sys.argv[1]))
backend = OpenvinoBackend.load(bundle)
say_data_mib()
for fold in range(backend.folds):
    backend.release(fold)
say_data_mib()
backend.logits(0, torch.zeros(1, len(bundle.channels), *bundle.configuration.patch_size))
say_data_mib()
"""


def test_models_hold_no_memory_for_their_layers_before_a_pass(make_model):
    model = make_model(exported=True, patch=(16, 256, 256), folds=(0, 1, 2))
    # In a process of its own: one that has freed memory before may give that to a pass.
    done = subprocess.run(
        [sys.executable, "-c", WEIGHED, model], capture_output=True, text=True, check=True, timeout=300
    )
    loaded_mib, released_mib, after_a_pass_mib = map(float, done.stdout.split())
    assert loaded_mib - released_mib < MAP_MIB
    assert after_a_pass_mib - released_mib > MAP_MIB  # else the bound would say nothing
