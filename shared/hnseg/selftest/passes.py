"""Passes of a tile through a network: the first beside the later ones, and one by its parts."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

import numpy as np
import torch

from hnseg.inference.ensemble import Ensemble
from hnseg.inference.labelling.label_map import Canvas, Target
from hnseg.inference.rolling_sums import RollingSums, gaussian
from hnseg.selftest.results import Row
from hnseg.selftest.subject import Subject, arithmetic_of
from hnseg.selftest.synthetic_image import body_channels
from hnseg.selftest.timing import timed_ms

PARTS = ("copy in", "network", "sums", "copy out", "label map")
"""Parts of a pass, in their order; the last two are paid once for all passes of a tile."""


def time_passes(subject: Subject, *, repeats: int = 7) -> list[Row]:
    """Return the rows on the first pass and on a pass by its parts.

    Args:
        subject: Model and device.
        repeats: Number of passes after the first, whose median counts.
    """
    ensemble, load_ms = timed_ms(subject.load, subject.device)
    first = pass_by_parts(subject, ensemble)
    later = [pass_by_parts(subject, ensemble) for _ in range(repeats)]
    usual = {part: median(each[part] for each in later) for part in PARTS}
    z, y, x = subject.patch
    size = f"{z} x {y} x {x} voxels, {len(subject.bundle.dataset.output_values)} labels"
    in_parts = ", ".join(f"{part} {usual[part]:.2f}" for part in PARTS)
    return [
        Row(
            name="first pass",
            state="measured",
            found=(
                f"{first['network']:.0f} ms, later ones {usual['network']:.2f} ms;"
                f" loading{' and warming up' if subject.is_gpu else ''} took {load_ms / 1000:.2f} s"
                f" ({ensemble.backend.name}, {arithmetic_of(ensemble)})."
            ),
        ),
        Row(name="a pass by parts", state="measured", found=f"{in_parts} ms (medians of {repeats}; {size})."),
    ]


def pass_by_parts(subject: Subject, ensemble: Ensemble) -> Mapping[str, float]:
    """Return the milliseconds of each part of one pass of the first fold, from the machine's memory and back to it.

    The network's share is that of one copy, where a batch has several.
    """
    backend, copies, tile = ensemble.backend, ensemble.backend.copies_together, subject.tile()
    device = backend.device
    _, rows, columns = subject.patch
    weights = gaussian(subject.bundle.configuration.patch_size).to(device)
    sums = RollingSums(ensemble.outputs, (rows, columns), weights, channels_last=backend.channels_last)
    channels = body_channels(subject.bundle, subject.patch)
    target = Target(
        subject.placement(channels),
        channels.grid,
        subject.bundle.dataset,
        subject.bundle.configuration.resampling_of_logits,
    )
    with torch.inference_mode():
        batch, copy_in = timed_ms(lambda: tile[None].to(device), device)
        batch = batch.expand(copies, *tile.shape).contiguous()
        logits, network = timed_ms(lambda: backend.logits(0, batch), device)
        of_tile = logits[0].view(ensemble.outputs, *subject.patch)
        _, adding = timed_ms(lambda: sums.add(of_tile, slice(0, rows), slice(0, columns)), device)
        planes, copy_out = timed_ms(lambda: [sums.mean(z).cpu().float().numpy() for z in range(len(weights))], device)
        planes = [np.ascontiguousarray(plane) for plane in planes]
        _, labelling = timed_ms(lambda: Canvas(target).fill(planes), torch.device("cpu"))
    backend.release(0)
    return dict(zip(PARTS, (copy_in, network / copies, adding, copy_out, labelling), strict=True))
