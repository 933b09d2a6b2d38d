"""Memory of a case: estimates beside the kernel's counts, and layouts that take less."""

import dataclasses

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from hnseg.errors import InputError
from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import Grid
from hnseg.inference import predictor
from hnseg.inference.backends.torch_backend import TorchBackend
from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.planning.effort import Effort
from hnseg.inference.planning.memory import MemoryLayout, MemoryNeed
from hnseg.inference.predictor import predict, start_prediction
from hnseg.inference.preprocessing.preprocess import place, preprocess
from hnseg.machine import GIB
from tests.support.model_folders import change
from tests.support.onnx_graphs import with_graphs
from tests.support.peak_memory import taken_gib

ALLOCATOR_GIB = 48 / 1024  # what is freed is not given back at once: 22 MiB were seen
MANY = {"background": 0, **{f"l{label}": label for label in range(1, 40)}}


@pytest.fixture(scope="module", params=["torch", "openvino"])
def ensemble(request, make_model):
    if request.param == "openvino":
        pytest.importorskip("openvino")
    model = make_model(labels=MANY, patch=(8, 64, 64), folds=(0, 1, 2))
    ensemble = load_ensemble(open_bundle(model), device="cpu", backend=request.param)
    start_prediction(
        ensemble, noise((64, 64, 8)), Deadline.never()
    ).predict()  # libraries come into memory with their first use
    return ensemble


def noise(size_xyz, spacing_mm=(1.0, 1.0, 2.0)):
    grid = Grid(size_xyz, spacing_mm, (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    return Channels(np.random.default_rng(0).normal(size=(2, *grid.shape_zyx)).astype(np.float32), grid)


def needed(ensemble, channels):
    placement = place(channels, ensemble.bundle.plans, ensemble.bundle.configuration)
    return MemoryNeed.of(placement, ensemble.bundle, MemoryLayout.fastest(placement, ensemble.bundle, ensemble.backend))


def test_preparing_takes_no_more_than_estimated(ensemble):
    channels = noise((640, 640, 96), (0.4, 0.4, 2.0))
    need = needed(ensemble, channels)
    taken, _ = taken_gib(lambda: start_prediction(ensemble, channels, Deadline.never()))
    assert need.preparing_gib / 3 < taken <= need.preparing_gib + ALLOCATOR_GIB


def test_the_maps_of_a_very_long_axis_are_counted(ensemble):
    channels = noise((2, 2, 2000), (1.0, 1.0, 20.0))  # 20,000 planes for the network, of 2,000
    bundle, need = ensemble.bundle, needed(ensemble, channels)
    placement = place(channels, bundle.plans, bundle.configuration)
    assert need.preparing_gib > 4 * 2000 * 20_000 / GIB
    assert need.labelling_gib > 2 * 4 * 2000 * 20_000 / GIB
    taken, _ = taken_gib(lambda: preprocess(channels.array, placement, bundle.plans, bundle.configuration))
    assert need.preparing_gib / 3 < taken <= need.preparing_gib + ALLOCATOR_GIB


@pytest.mark.parametrize("mm", [1000.0, 5e4])
def test_an_absurd_spacing_is_refused_with_what_it_would_need(ensemble, mm):
    channels = noise((16, 16, 16), (mm, mm, mm))
    with pytest.raises(InputError, match=r"The image must fit into memory, .* or its spacing finer, than those that"):
        start_prediction(ensemble, channels, Deadline.never())


def test_predicting_takes_no_more_than_estimated(ensemble):
    channels = noise((384, 384, 12))
    need = needed(ensemble, channels)
    prediction = start_prediction(ensemble, channels, Deadline.never(), effort=Effort(step=1, mirroring=False))
    taken, _ = taken_gib(prediction.predict)
    estimated = need.predicting_gib + need.labelling_gib
    assert estimated / 3 < taken <= estimated + ALLOCATOR_GIB


@pytest.mark.parametrize("members_in", [torch.float32, torch.float16], ids=["single", "half"])
def test_the_sums_of_members_and_what_is_made_of_them_are_counted(ensemble, monkeypatch, members_in):
    channels = noise((192, 192, 10))
    placement = place(channels, ensemble.bundle.plans, ensemble.bundle.configuration)
    fastest = MemoryLayout.fastest
    monkeypatch.setattr(
        MemoryLayout, "fastest", lambda *given: dataclasses.replace(fastest(*given), members_in=members_in)
    )
    layout = dataclasses.replace(MemoryLayout.fastest(placement, ensemble.bundle, ensemble.backend), members=3)
    need = MemoryNeed.of(placement, ensemble.bundle, layout)
    effort = Effort(step=1, mirroring=False)
    prediction = start_prediction(ensemble, channels, Deadline.never(), effort=effort, uncertainty=True)
    taken, result = taken_gib(prediction.predict)
    estimated = need.predicting_gib + need.labelling_gib
    assert result.uncertainty.table.members == 3
    assert estimated / 2 < taken <= estimated + ALLOCATOR_GIB


def test_probabilities_in_memory_and_what_is_made_on_the_way_to_them_are_counted(ensemble):
    channels = noise((192, 192, 10))
    placement = place(channels, ensemble.bundle.plans, ensemble.bundle.configuration)
    without = MemoryLayout.fastest(placement, ensemble.bundle, ensemble.backend)
    layout = dataclasses.replace(without, probabilities=True)
    need = MemoryNeed.of(placement, ensemble.bundle, layout)

    def work():
        probabilities = np.zeros((ensemble.outputs, *channels.grid.shape_zyx), np.float32)
        effort = Effort(step=1, mirroring=False)
        prediction = start_prediction(ensemble, channels, Deadline.never(), effort=effort, probabilities=probabilities)
        prediction.predict()
        return prediction.sweep.accumulation.execution.layout, probabilities

    taken, (used, probabilities) = taken_gib(work)
    assert used == layout
    np.testing.assert_allclose(probabilities.sum(axis=0), 1, atol=1e-5)
    assert probabilities.nbytes / GIB < need_gib(need) - need_gib(MemoryNeed.of(placement, ensemble.bundle, without))
    assert need_gib(need) / 2 < taken <= need_gib(need) + ALLOCATOR_GIB


def test_probabilities_in_a_mapped_file_take_no_memory(ensemble, tmp_path):
    channels = noise((64, 64, 8))
    shape = (ensemble.outputs, *channels.grid.shape_zyx)
    probabilities = np.memmap(tmp_path / "probabilities", np.float32, "w+", shape=shape)
    prediction = start_prediction(ensemble, channels, Deadline.never(), probabilities=probabilities)
    assert not prediction.sweep.accumulation.execution.layout.probabilities


def test_members_take_memory_only_where_they_are_asked_for(ensemble):
    placement = place(noise((64, 64, 8)), ensemble.bundle.plans, ensemble.bundle.configuration)
    without = MemoryLayout.fastest(placement, ensemble.bundle, ensemble.backend)
    with_members = dataclasses.replace(without, members=3)
    needs = [MemoryNeed.of(placement, ensemble.bundle, each) for each in (without, with_members)]
    sums = 3 * (40 + 1) * 8 * 64 * 64
    means = 40 * 8 * 64 * 64  # of one tile at a time
    assert needs[1].predicting_gib - needs[0].predicting_gib == pytest.approx(4 * (sums + means) / GIB)
    assert without.members == 0


def test_members_go_to_half_precision_first_and_are_given_up_last():
    gpu = torch.device("cuda")
    layout = MemoryLayout(gpu, gpu, torch.float32, copies_together=2, copies_a_turn=2, members=5)
    steps = []
    while (layout := layout.smaller()) is not None:
        steps.append((layout.members, layout.members_in, layout.sums_on.type, layout.copies_together))
    half = torch.float16
    assert steps == [(5, half, "cuda", 2), (5, half, "cpu", 2), (5, half, "cpu", 1), (0, half, "cpu", 1)]


def test_a_deeper_image_needs_no_deeper_sums(ensemble):
    shallow, deep = (needed(ensemble, noise((64, 64, slices))) for slices in (8, 800))
    inputs_gib = 4 * 2 * 64 * 64 * (800 - 8) / GIB
    assert deep.predicting_gib - shallow.predicting_gib == pytest.approx(inputs_gib, rel=1e-6)


def test_what_does_not_fit_is_refused_with_what_it_needs(ensemble):
    channels = noise((64, 64, 8))
    placement = place(channels, ensemble.bundle.plans, ensemble.bundle.configuration)
    need = MemoryNeed(preparing_gib=3, predicting_gib=2, labelling_gib=2.5)
    need.check(4.5, placement, outputs=40, on_gpu=False)
    need.check(3, placement, outputs=40, on_gpu=True)
    with pytest.raises(InputError, match=r"\(64, 64, 8\) voxels.* and 40 classes it needs about 4\.5 GiB and 4\.4 GiB"):
        need.check(4.4, placement, outputs=40, on_gpu=False)
    with pytest.raises(InputError, match=r"it needs about 3 GiB and 2\.9 GiB are free"):
        need.check(2.9, placement, outputs=40, on_gpu=True)


def test_where_memory_is_scarce_copies_go_one_by_one(ensemble, monkeypatch):
    channels = noise((384, 384, 12))
    placement = place(channels, ensemble.bundle.plans, ensemble.bundle.configuration)
    fastest = MemoryLayout.fastest(placement, ensemble.bundle, ensemble.backend)
    most, least = (
        need_gib(MemoryNeed.of(placement, ensemble.bundle, layout)) for layout in (fastest, fastest.smaller())
    )
    assert least < most
    for free_gib, layout in (
        (most * 1.01, fastest),
        (most * 0.99, fastest.smaller()),
        (least * 1.01, fastest.smaller()),
    ):
        monkeypatch.setattr(predictor, "free_ram_gib", lambda free_gib=free_gib: free_gib)
        assert start_prediction(ensemble, channels, Deadline.never()).sweep.accumulation.execution.layout == layout
    monkeypatch.setattr(predictor, "free_ram_gib", lambda: least * 0.99)
    with pytest.raises(InputError, match="The image must fit into memory"):
        start_prediction(ensemble, channels, Deadline.never())


@pytest.mark.numeric
def test_scarce_memory_changes_no_voxel(ensemble, monkeypatch):
    channels = noise((80, 80, 12))
    expected = sitk.GetArrayFromImage(predict(ensemble, channels, Deadline.never()).label_map)
    fastest = MemoryLayout.fastest
    monkeypatch.setattr(MemoryLayout, "fastest", lambda *given: fastest(*given).smaller())
    found = sitk.GetArrayFromImage(predict(ensemble, channels, Deadline.never()).label_map)
    assert (found != expected).mean() <= 1e-3  # untrained networks have near ties everywhere


def need_gib(need):
    return max(need.preparing_gib, need.predicting_gib + need.labelling_gib)


def test_sums_leave_the_gpu_first_then_copies_go_one_by_one():
    gpu = torch.device("cuda")
    layout = MemoryLayout(gpu, gpu, torch.float16, copies_together=2, copies_a_turn=4)
    off = layout.smaller()
    assert (off.sums_on.type, off.sums_in, off.copies_together, off.copies_a_turn) == ("cpu", torch.float32, 2, 4)
    single = off.smaller()
    assert (single.copies_together, single.copies_a_turn) == (1, 1)
    assert single.smaller() is None


def test_a_pass_that_was_measured_takes_the_place_of_the_estimate(ensemble):
    placement = place(noise((64, 64, 8)), ensemble.bundle.plans, ensemble.bundle.configuration)
    layout = MemoryLayout.fastest(placement, ensemble.bundle, ensemble.backend)
    one, two = (MemoryNeed.of(placement, ensemble.bundle, layout, pass_gib=gib).predicting_gib for gib in (1.0, 2.0))
    assert two - one == pytest.approx(1)
    volume, sums, means = 2 * 8 * 64 * 64, 41 * 8 * 64 * 64, layout.copies_a_turn * 40 * 8 * 64 * 64
    assert one == pytest.approx(1 + 4 * (volume + sums + means) / GIB)


def test_sums_in_half_precision_take_half_the_memory(ensemble):
    placement = place(noise((64, 64, 8)), ensemble.bundle.plans, ensemble.bundle.configuration)
    single = MemoryLayout.fastest(placement, ensemble.bundle, ensemble.backend)
    half = dataclasses.replace(single, sums_in=torch.float16)
    saved = [MemoryNeed.of(placement, ensemble.bundle, layout).predicting_gib for layout in (single, half)]
    assert saved[0] - saved[1] == pytest.approx(2 * 41 * 8 * 64 * 64 / GIB)


def test_a_pass_on_the_gpu_takes_no_memory_of_the_machine(ensemble):
    placement = place(noise((64, 64, 8)), ensemble.bundle.plans, ensemble.bundle.configuration)
    layout = MemoryLayout.fastest(placement, ensemble.bundle, ensemble.backend)
    on_gpu = dataclasses.replace(layout, networks_on=torch.device("cuda"))
    in_ram, without = (
        MemoryNeed.of(placement, ensemble.bundle, each, pass_gib=1.0).predicting_gib for each in (layout, on_gpu)
    )
    assert in_ram - without == pytest.approx(1)


def test_another_backend_brings_its_own_number_of_copies():
    gpu = torch.device("cuda")
    layout = MemoryLayout(gpu, torch.device("cpu"), torch.float32, copies_together=1, copies_a_turn=1)
    on_processor = layout.for_networks_of(TorchBackend(()))
    assert (on_processor.networks_on.type, on_processor.copies_together, on_processor.copies_a_turn) == ("cpu", 2, 2)


@pytest.mark.parametrize(("copies", "tiles"), [(8, 1), (4, 1), (2, 2), (1, 4), (3, 4), (6, 2)])
def test_a_group_has_as_few_tiles_as_fill_a_turn_of_four_copies(copies, tiles):
    cpu = torch.device("cpu")
    layout = MemoryLayout(cpu, cpu, torch.float32, copies_together=1, copies_a_turn=4)
    assert layout.tiles_a_group(copies) == tiles


def test_a_pass_of_a_graph_is_what_its_export_measured(make_model, tmp_path):
    folder = with_graphs(make_model(exported=True), tmp_path / "graphs")
    change(folder / "manifest.json", lambda manifest: manifest["architecture"].update(pass_gib=7.0))
    ensemble = load_ensemble(open_bundle(folder), device="cpu")
    assert 7.0 < needed(ensemble, noise((64, 64, 8))).predicting_gib < 7.1
