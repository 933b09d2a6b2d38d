"""A trained ensemble, loaded: every fold sees every tile in one pass over the image.

Exact by default: tiles, weights, mirroring and the mean of logits are nnU-Net's. Sums are float32 everywhere, where
nnU-Net sums in half precision. On a GPU the networks run under autocast, as nnU-Net's do.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import nn

from hnseg.errors import InputError, ModelError
from hnseg.imaging.channels import Channels
from hnseg.inference.architecture import build_network, put_weights
from hnseg.inference.budget import Deadline, Effort
from hnseg.inference.bundle import Bundle
from hnseg.inference.machine import GIB, free_ram_gib, free_vram_gib, usable_processors
from hnseg.inference.manifest import PLANS_FILE
from hnseg.inference.orientation import turned
from hnseg.inference.preprocessing import Placement, place, preprocess
from hnseg.inference.room import Need
from hnseg.inference.run import Prediction, Progress, Run

FULL_EFFORT = Effort()
UNLIMITED_GIB = float("inf")

Axes = tuple[int, ...]
"""Axes of the patch along which a copy is flipped; none for the tile itself."""


@dataclass(frozen=True)
class Ensemble:
    """The networks of all folds.

    Attributes:
        bundle: Where they come from.
        device: Where they run.
        networks: One a fold, with weights.
        is_resident: Whether their weights are on the device; if not, they travel there for every pass.
        vram_gib: Memory of the GPU that it may have in all.
    """

    bundle: Bundle
    device: torch.device
    networks: tuple[nn.Module, ...]
    is_resident: bool = True
    vram_gib: float = UNLIMITED_GIB

    @property
    def outputs(self) -> int:
        """Number of classes or regions."""
        return len(self.bundle.dataset.output_values)

    def predict(
        self,
        channels: Channels,
        deadline: Deadline,
        *,
        effort: Effort = FULL_EFFORT,
        progress: Progress | None = None,
    ) -> Prediction:
        """Predict one image.

        Args:
            channels: In the order of the model's channels, as trained on.
            deadline: When the case, not only this step, must have ended.
            effort: The most that may be done.
            progress: Is told after each tile.

        Raises:
            ModelError: The number of channels is not the model's.
            InputError: The image does not fit into memory, or is not what the model's normalisation is for.
            DeadlineError: The time was over before every tile was seen.
        """
        return self.start(channels, deadline, effort=effort, progress=progress).predict()

    def start(
        self, channels: Channels, deadline: Deadline, *, effort: Effort = FULL_EFFORT, progress: Progress | None = None
    ) -> Run:
        """Bring an image to the network's grid, ready for the networks; see `predict`.

        The channels are not needed any more then, which may be as large as all that follows.
        """
        started_s = time.monotonic()
        bundle = self.bundle
        if len(channels.array) != len(bundle.channels):
            raise ModelError(
                f"The image must have the {len(bundle.channels)} channels of the model in {bundle.folder}"
                f" ({', '.join(bundle.channels)}), but has {len(channels.array)}. Was it trained for another challenge?"
            )
        oriented = turned(channels) if bundle.plans.reorients else channels
        placement = place(oriented, bundle.plans, bundle.configuration)
        sums_on = self._device_of_sums(placement)
        volume = torch.from_numpy(preprocess(oriented.array, placement, bundle.plans, bundle.configuration))
        run = Run(self, volume.to(sums_on), placement, channels.grid, deadline, effort, progress)
        run.seconds["preprocessing"] = time.monotonic() - started_s
        return run

    def mirrors(self, effort: Effort) -> tuple[Axes, ...]:
        """Return the axes along which each copy of a tile is flipped, the tile itself first."""
        axes = self.bundle.mirroring_axes if effort.mirroring else ()
        return tuple(itertools.chain.from_iterable(itertools.combinations(axes, n) for n in range(len(axes) + 1)))

    def logits_of(self, fold: int, copies: Sequence[tuple[torch.Tensor, Axes]]) -> Iterator[torch.Tensor]:
        """Yield one fold's float32 logits (k, z, y, x) of each of some tiles.

        Args:
            fold: Its place among the networks.
            copies: Tiles (c, z, y, x) as the volume has them, with the axes along which the network sees each flipped;
                they go through the network together.
        """
        is_flat = len(self.bundle.configuration.patch_size) == 2
        batch = torch.stack(
            [
                (seen[:, 0] if is_flat else seen).to(self.device).flip([axis + 1 for axis in flips])
                for seen, flips in copies
            ]
        )
        with self._precision():
            outputs = self._forward(self.networks[fold], batch)
        for logits, (_, flips) in zip(outputs, copies, strict=True):
            turned_back = logits.float().flip([axis + 1 for axis in flips])
            yield turned_back[:, None] if is_flat else turned_back

    def _forward(self, network: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        if self.is_resident:
            result: torch.Tensor = network(batch)
            return result
        weights = {name: tensor.to(self.device) for name, tensor in network.state_dict(keep_vars=True).items()}
        streamed: torch.Tensor = torch.func.functional_call(network, weights, (batch,))
        return streamed

    def _device_of_sums(self, placement: Placement) -> torch.device:
        """Choose where the sums over tiles are, or refuse the case.

        Raises:
            InputError: There is no place for them.
        """
        need = Need.of(placement, self.bundle, self.device)
        on_gpu = self.device.type == "cuda" and need.predicting_gib < free_vram_gib(self.device, self.vram_gib)
        need.check(free_ram_gib(), placement, outputs=self.outputs, on_gpu=on_gpu)
        return self.device if on_gpu else torch.device("cpu")

    def _precision(self) -> AbstractContextManager[object]:
        return torch.autocast("cuda") if self.device.type == "cuda" else nullcontext()


def load_ensemble(bundle: Bundle, *, device: str = "auto", vram_gib: float = UNLIMITED_GIB) -> Ensemble:
    """Build the networks of a bundle and give them their weights.

    Sets the number of threads that torch uses in this process to what the machine and its container allow.

    Args:
        bundle: A model folder, opened.
        device: `cpu`, `cuda`, or `auto`: the GPU if there is one.
        vram_gib: Memory of the GPU that it may have in all.

    Raises:
        ModelError: The weights don't fit the network that the plans describe.
        InputError: A GPU was asked for and there is none.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise InputError(
            "A GPU was asked for (device cuda), but torch finds none. Was the container started with --gpus all, or is"
            " this a build of torch without CUDA?"
        )
    chosen = torch.device("cuda" if device != "cpu" and torch.cuda.is_available() else "cpu")
    torch.set_num_threads(usable_processors())
    networks = tuple(_network(bundle, fold) for fold in range(len(bundle.folds)))
    is_resident = True
    if chosen.type == "cuda":
        torch.backends.cudnn.benchmark = True  # every tile has the same shape
        if vram_gib != UNLIMITED_GIB:
            total_gib = torch.cuda.get_device_properties(chosen).total_memory / GIB
            torch.cuda.set_per_process_memory_fraction(min(1.0, vram_gib / total_gib), chosen)
        # Half of the memory is left to the sums and the passes.
        is_resident = _size_gib(networks) < free_vram_gib(chosen, vram_gib) / 2
    if is_resident:
        networks = tuple(network.to(chosen) for network in networks)
    return Ensemble(bundle, chosen, networks, is_resident, vram_gib)


def _network(bundle: Bundle, fold: int) -> nn.Module:
    network = build_network(
        bundle.configuration.architecture,
        channels=len(bundle.channels),
        outputs=len(bundle.dataset.output_values),
        path=bundle.folder / PLANS_FILE,
    )
    put_weights(network, bundle.state_dicts[fold], bundle.weights_files[fold])
    return network


def _size_gib(networks: Iterable[nn.Module]) -> float:
    return sum(tensor.nbytes for network in networks for tensor in network.parameters()) / GIB
