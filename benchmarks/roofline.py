"""What a network's convolutions need, and what the machine gives one at best; not a script."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import torch
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd

if TYPE_CHECKING:
    from hnseg.inference.model.bundle import Bundle


def multiply_adds(bundle: Bundle) -> int:
    """Return the multiply-adds of one pass of one tile, counted on shapes alone."""
    from hnseg.inference.model.architecture import build_network

    counts = []

    def count(layer: _ConvNd, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        """Count a layer: each voxel of a channel meets the weights of one channel.

        Of the output's, or of the input's where it is transposed.
        """
        met = inputs[0] if isinstance(layer, _ConvTransposeNd) else output
        counts.append(met.numel() * layer.weight[0].numel())

    outputs, channels = len(bundle.dataset.output_values), bundle.network_channels
    architecture = bundle.configuration.architecture
    network = build_network(architecture, channels=channels, outputs=outputs, path=bundle.folder)
    for layer in network.modules():
        if isinstance(layer, _ConvNd):
            layer.register_forward_hook(count)
    with torch.inference_mode():
        network(torch.empty(1, channels, *bundle.configuration.patch_size, device="meta"))
    return sum(counts)


def roofline(device: str, arithmetic: str) -> float:
    """Return the multiply-adds a second of one convolution, the best of a few in either layout."""
    kind = getattr(torch, arithmetic)
    torch.backends.cudnn.benchmark = True
    image = torch.randn(1, 32, 48, 192, 192, device=device, dtype=kind)
    layer = torch.nn.Conv3d(32, 32, 3, padding=1, bias=False, device=device, dtype=kind)
    seconds = []
    with torch.inference_mode():
        for layout in (torch.contiguous_format, torch.channels_last_3d):
            image = image.contiguous(memory_format=layout)
            for _ in range(4):
                started_s = time.monotonic()
                layer(image)
                if device == "cuda":
                    torch.cuda.synchronize()
                seconds.append(time.monotonic() - started_s)
    return image.numel() * layer.weight[0].numel() / min(seconds)
