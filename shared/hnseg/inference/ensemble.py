"""A trained ensemble, loaded: every fold sees every tile in one pass over the image.

Exact by default: tiles, weights, mirroring and the mean of logits are nnU-Net's. Sums are float32 everywhere, where
nnU-Net sums in half precision. On a GPU the networks run under autocast, as nnU-Net's do.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import nn

from hnseg.errors import InputError, ModelError
from hnseg.imaging.channels import Channels
from hnseg.inference.architecture import build_network, put_weights
from hnseg.inference.budget import WIDE_STEP, Deadline, Effort, Pace, Share, reserve_s
from hnseg.inference.bundle import Bundle
from hnseg.inference.label_map import Logits
from hnseg.inference.machine import GIB, free_ram_gib, free_vram_gib, usable_processors
from hnseg.inference.manifest import PLANS_FILE
from hnseg.inference.orientation import turned
from hnseg.inference.preprocessing import Placement, place, preprocess
from hnseg.inference.room import Need, copies_together
from hnseg.inference.tiles import Tiling, gaussian, pad_to_patch, patch_3d, tile, weighted_mean

FULL_EFFORT = Effort()
UNLIMITED_GIB = float("inf")

Axes = tuple[int, ...]
"""Axes of the patch along which a copy is flipped; none for the tile itself."""

Progress = Callable[[int, int], None]
"""Is told after each tile how many are done and how many there are."""


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

    def predict(
        self,
        channels: Channels,
        deadline: Deadline,
        *,
        effort: Effort = FULL_EFFORT,
        progress: Progress | None = None,
    ) -> Logits:
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
        patch = bundle.configuration.patch_size
        with torch.inference_mode(), self._precision():
            padded, inner = pad_to_patch(volume.to(sums_on), patch_3d(patch))
            run = _Run(self, padded, deadline, effort, self._pace(placement, deadline, effort), progress)
            tiling = run.choose_tiling()
            weights = gaussian(patch).to(sums_on)
            logits = weighted_mean(padded, tiling, weights, len(bundle.dataset.output_values), run)
        spent = run.pace.spent(run.step)
        return Logits(
            array=logits[inner].cpu().numpy(),
            placement=placement,
            grid=channels.grid,
            dataset=bundle.dataset,
            resampling=bundle.configuration.resampling_of_logits,
            effort_spent=spent,
            notes=spent.notes(run.pace.full, effort, deadline),
        )

    def mirrors(self, effort: Effort) -> tuple[Axes, ...]:
        """Return the axes along which each copy of a tile is flipped, the tile itself first."""
        axes = self.bundle.mirroring_axes if effort.mirroring else ()
        return tuple(itertools.chain.from_iterable(itertools.combinations(axes, n) for n in range(len(axes) + 1)))

    def summed_logits_of(self, fold: int, tile_of_volume: torch.Tensor, flips: Sequence[Axes]) -> torch.Tensor:
        """Return one fold's float32 logits (k, z, y, x) of a tile (c, z, y, x), summed over flipped copies of it.

        Args:
            fold: Its place among the networks.
            tile_of_volume: As the volume has it.
            flips: The axes along which each copy is flipped; the copies go through the network together.
        """
        is_flat = len(self.bundle.configuration.patch_size) == 2
        seen_by_network = (tile_of_volume[:, 0] if is_flat else tile_of_volume).to(self.device)
        copies = torch.stack([seen_by_network.flip([axis + 1 for axis in axes]) for axes in flips])
        outputs = self._forward(self.networks[fold], copies).float()
        turned_back = [logits.flip([axis + 1 for axis in axes]) for logits, axes in zip(outputs, flips, strict=True)]
        total = torch.stack(turned_back).sum(0)
        return total[:, None] if is_flat else total

    def _forward(self, network: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        if self.is_resident:
            result: torch.Tensor = network(batch)
            return result
        weights = {name: tensor.to(self.device) for name, tensor in network.state_dict(keep_vars=True).items()}
        streamed: torch.Tensor = torch.func.functional_call(network, weights, (batch,))
        return streamed

    def _pace(self, placement: Placement, deadline: Deadline, effort: Effort) -> Pace:
        voxels = torch.Size(placement.cropped_shape).numel()
        full = Share(folds=len(self.networks), mirrors=len(self.mirrors(effort)))
        outputs = len(self.bundle.dataset.output_values)
        return Pace(full, deadline, reserve_s(deadline, voxels=voxels, outputs=outputs))

    def _device_of_sums(self, placement: Placement) -> torch.device:
        """Choose where the sums over tiles are, or refuse the case.

        Raises:
            InputError: There is no place for them.
        """
        outputs = len(self.bundle.dataset.output_values)
        need = Need.of(placement, self.bundle, self.device)
        on_gpu = self.device.type == "cuda" and need.predicting_gib < free_vram_gib(self.device, self.vram_gib)
        need.check(free_ram_gib(), placement, outputs=outputs, on_gpu=on_gpu)
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


@dataclass
class _Run:
    """One image on its way through the networks; called with each tile and its number."""

    ensemble: Ensemble
    volume: torch.Tensor
    deadline: Deadline
    effort: Effort
    pace: Pace
    progress: Progress | None
    step: float = 0.0
    tiles: int = 0

    def choose_tiling(self) -> Tiling:
        """Decide how far tiles are apart, after timing one fold where the time is limited."""
        patch = self.ensemble.bundle.configuration.patch_size
        tiling = tile(tuple(self.volume.shape[1:]), patch, self.effort.step)
        self.step = self.effort.step
        if self.deadline.is_limited:
            trial = Share(1, min(self.pace.full.mirrors, copies_together(self.ensemble.device)))
            for _ in range(2):  # the first pass is slower than those that follow, and is not counted
                started_s = self.deadline.clock()
                self._mean_logits(self.volume[tiling.box(0)], trial, "loading and preparing")
                seconds = self.deadline.clock() - started_s
            self.pace.measured(seconds, trial.passes)
            if self.pace.passes_per_tile(len(tiling.starts)) < self.pace.full.folds and self.step < WIDE_STEP:
                self.step = WIDE_STEP
                tiling = tile(tuple(self.volume.shape[1:]), patch, WIDE_STEP)
        self.tiles = len(tiling.starts)
        return tiling

    def __call__(self, tile_of_volume: torch.Tensor, number: int) -> torch.Tensor:
        """Return the mean logits of a tile over the folds and mirrored copies that there is time for."""
        share = self.pace.share(self.tiles - number)
        started_s = self.deadline.clock()
        logits = self._mean_logits(tile_of_volume, share, f"{number} of {self.tiles} tiles")
        self.pace.measured(self.deadline.clock() - started_s, share.passes)
        if self.progress is not None:
            self.progress(number + 1, self.tiles)
        return logits

    def _mean_logits(self, tile_of_volume: torch.Tensor, share: Share, done: str) -> torch.Tensor:
        mirrors = self.ensemble.mirrors(self.effort)[: share.mirrors]
        outputs = len(self.ensemble.bundle.dataset.output_values)
        total = torch.zeros((outputs, *tile_of_volume.shape[1:]), device=self.ensemble.device)
        together = copies_together(self.ensemble.device)
        groups = [mirrors[first : first + together] for first in range(0, len(mirrors), together)]
        for fold, flips in itertools.product(range(share.folds), groups):
            self.deadline.check(done)
            total += self.ensemble.summed_logits_of(fold, tile_of_volume, flips)
        if self.ensemble.device.type == "cuda" and self.deadline.is_limited:
            torch.cuda.synchronize(self.ensemble.device)  # passes are only timed when they have ended
        return total.div_(share.passes)


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
