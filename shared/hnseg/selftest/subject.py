"""Subject of a self-test: a device, and a model for it; the reference runs the same model by torch in float32."""

from __future__ import annotations

import gc
from contextlib import suppress
from dataclasses import dataclass
from math import inf

import torch

from hnseg.imaging.channels import Channels
from hnseg.inference.backends.protocol import other_library
from hnseg.inference.ensemble import Ensemble
from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.bundle import Bundle
from hnseg.inference.planning.effort import Effort
from hnseg.inference.planning.tiling import Shape3, patch_3d
from hnseg.inference.preprocessing.orientation import turned
from hnseg.inference.preprocessing.preprocess import Placement, place, preprocess
from hnseg.options import BackendName, Precision
from hnseg.selftest.synthetic_image import noise_channels

PLAIN = Effort(mirroring=False)
"""Effort without mirrored copies, which would only repeat what is compared."""


@dataclass(frozen=True)
class Subject:
    """Model and device that are tested.

    Attributes:
        bundle: Model folder, opened.
        device: Device, of type `cuda` or `cpu`.
        backend: Library that runs the networks on it.
    """

    bundle: Bundle
    device: torch.device
    backend: BackendName = "auto"

    @property
    def is_gpu(self) -> bool:
        """Whether the device is a GPU."""
        return self.device.type == "cuda"

    @property
    def patch(self) -> Shape3:
        """Size of a patch in voxels, of a 2-D one with a single plane."""
        return patch_3d(self.bundle.configuration.patch_size)

    def load(self, *, precision: Precision = "exact", vram_gib: float = inf) -> Ensemble:
        """Load the networks on the device; see `hnseg.inference.loading.load_ensemble`."""
        name = "cuda" if self.is_gpu else "cpu"
        return load_ensemble(self.bundle, device=name, precision=precision, vram_gib=vram_gib, backend=self.backend)

    def load_reference(self) -> Ensemble:
        """Load the networks on the processor, run by torch in float32, or by onnxruntime where they are graphs."""
        return load_ensemble(self.bundle, device="cpu", precision="exact", backend=other_library(self.bundle))

    def two_tiles(self) -> Channels:
        """Return an image that is half a patch longer than a patch, so that two tiles overlap in it."""
        z, y, x = self.patch
        return noise_channels(self.bundle, (z, y, x + x // 2))

    def placement(self, channels: Channels) -> Placement:
        """Return the placement of the network's grid in an image."""
        return place(self._oriented(channels), self.bundle.plans, self.bundle.configuration)

    def tile(self) -> torch.Tensor:
        """Return one tile (c, *patch) as a network takes it, in the machine's memory; a 2-D one has no depth."""
        channels = noise_channels(self.bundle, self.patch)
        array = self._oriented(channels).array
        volume = preprocess(array, self.placement(channels), self.bundle.plans, self.bundle.configuration)
        return torch.from_numpy(volume).view(len(volume), *self.bundle.configuration.patch_size)

    def _oriented(self, channels: Channels) -> Channels:
        return turned(channels) if self.bundle.plans.reorients else channels


def arithmetic_of(ensemble: Ensemble) -> str:
    """Return the type of number that the networks compute in, in a word."""
    return str(ensemble.backend.arithmetic).removeprefix("torch.")


def free_memory() -> None:
    """Free what earlier checks have left, and take back the limit that a GPU's memory may have had in them."""
    gc.collect()
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        with suppress(RuntimeError):  # a GPU that failed in a check may refuse every call from then on
            torch.cuda.set_per_process_memory_fraction(1.0)
            torch.cuda.empty_cache()
