"""Streams and events of a pretended GPU: order between streams, pinned memory, and time."""

import pytest
import torch

from tests.support.pretended_gpu import PretendedGpu

CUDA = torch.device("cuda")


@pytest.fixture
def side(gpu):  # noqa: ARG001 (it makes the stream)
    """Return a stream beside that of the passes."""
    return torch.cuda.Stream()


@pytest.fixture
def races(gpu):
    """Return the list of what was out of order, which the test is to look at."""
    yield gpu.memory.races
    gpu.memory.races.clear()


def test_the_current_stream_is_the_default_one_but_inside_a_with(side):
    assert torch.cuda.current_stream() is torch.cuda.default_stream()
    with torch.cuda.stream(side):
        assert torch.cuda.current_stream() is side
        with torch.cuda.stream(None):
            assert torch.cuda.current_stream() is side
    assert torch.cuda.current_stream() is torch.cuda.default_stream()


def test_a_copy_to_pinned_memory_is_nonsense_until_it_was_waited_for(gpu):
    pinned = torch.zeros(3).pin_memory()
    pinned.copy_(torch.ones(3, device=CUDA), non_blocking=True)
    event = torch.cuda.Event()
    event.record()
    assert pinned.isnan().all()
    event.synchronize()
    assert pinned.tolist() == [1, 1, 1]
    assert len(gpu.to_host) == 1


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.bool])
def test_labels_are_nonsense_until_then_too(gpu, dtype):  # noqa: ARG001 (it is the GPU)
    late = torch.zeros(3, dtype=dtype, device=CUDA).to("cpu", non_blocking=True)  # pinned by torch
    assert late.is_pinned()
    assert late.all()
    torch.cuda.synchronize()
    assert not late.any()


def test_an_event_before_the_copy_does_not_wait_for_it(gpu):  # noqa: ARG001 (it is the GPU)
    event = torch.cuda.Event()
    event.record()
    late = torch.zeros(3, device=CUDA).to("cpu", non_blocking=True)
    event.synchronize()
    assert late.isnan().all()


def test_a_copy_to_memory_that_is_not_pinned_waits(gpu):  # noqa: ARG001 (it is the GPU)
    target = torch.zeros(3)
    target.copy_(torch.ones(3, device=CUDA), non_blocking=True)
    assert target.tolist() == [1, 1, 1]


def test_copies_on_a_side_stream_go_on_beside_the_passes():
    with PretendedGpu(pass_s=2.0, bytes_per_s=4.0) as gpu:
        module, side = torch.nn.Conv3d(1, 1, 1), torch.cuda.Stream()
        plane = module.to(CUDA)(torch.zeros(1, 1, 1, 1, 1).pin_memory().to(CUDA, non_blocking=True)).detach()
        side.wait_stream(torch.cuda.current_stream())
        began_s = torch.cuda.current_stream().end_s
        with torch.cuda.stream(side):
            late = plane.to("cpu", non_blocking=True)
        module(plane)
        side.synchronize()
        assert gpu.clock.now_s == began_s + 1
        assert not late.isnan().any()
        torch.cuda.synchronize()
        assert gpu.clock.now_s == began_s + 2


def test_events_measure_time():
    with PretendedGpu(pass_s=2.0):
        before, after = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        before.record()
        torch.nn.Identity()(torch.zeros(1, device=CUDA))
        after.record()
        assert before.elapsed_time(after) == 2000
        with pytest.raises(ValueError, match="enable_timing"):
            before.elapsed_time(torch.cuda.Event())


def test_a_stream_that_has_waited_may_use_what_another_made(side, races):
    made = torch.ones(3, device=CUDA)
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        used = made + 1
    torch.cuda.current_stream().wait_event(side.record_event())
    used += made
    assert not races


def test_a_stream_may_use_what_the_host_has_waited_for(side, races):
    made = torch.ones(3, device=CUDA)
    torch.cuda.synchronize()
    with torch.cuda.stream(side):
        made.add(1)
    side.synchronize()
    made += 1
    assert not races


def test_to_use_what_another_stream_still_makes_is_a_race(side, races):
    made = torch.ones(3, device=CUDA)
    with torch.cuda.stream(side):
        made.to("cpu", non_blocking=True)
    torch.cuda.synchronize()
    assert len(races) == 1


def test_to_write_what_another_stream_still_reads_is_a_race(side, races):
    made = torch.ones(3, device=CUDA)
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        made.add(1)
    made.add(1)
    assert not races
    made += 1
    assert len(races) == 1


@pytest.mark.parametrize(("is_recorded", "count"), [(False, 1), (True, 0)])
def test_to_free_what_another_stream_still_reads_is_a_race_unless_recorded(side, races, is_recorded, count):
    made = torch.ones(3, device=CUDA)
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        made.to("cpu", non_blocking=True)
    if is_recorded:
        made.record_stream(side)
    del made
    assert len(races) == count


@pytest.mark.parametrize("waits", [True, False])
def test_to_write_pinned_memory_before_its_copy_was_waited_for_is_a_race(gpu, races, waits):  # noqa: ARG001
    pinned = torch.ones(3).pin_memory()
    pinned.to(CUDA, non_blocking=True)
    if waits:
        torch.cuda.synchronize()
    pinned += 1
    torch.cuda.synchronize()
    assert len(races) == (0 if waits else 1)
