"""A trained ensemble, loaded: every fold sees every tile in one pass over the image.

Exact by default: tiles, weights, mirroring and the mean of logits are nnU-Net's. Sums are float32 everywhere, where
nnU-Net sums in half precision. `--precision fast` is for time: see `hnseg.inference.backends.protocol`.
"""

from __future__ import annotations

import importlib.util
import itertools
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch

from hnseg.errors import ConversionError, InputError, ModelError
from hnseg.imaging.channels import Channels
from hnseg.inference.accumulation import Accumulation
from hnseg.inference.backends.protocol import Backend, Choice, Precision
from hnseg.inference.backends.torch_backend import UNLIMITED_GIB, TorchBackend, free_vram_gib
from hnseg.inference.labelling.label_map import Probabilities
from hnseg.inference.model.bundle import Bundle
from hnseg.inference.planning.deadline import FULL_EFFORT, Deadline, Effort
from hnseg.inference.planning.interest import interest_in
from hnseg.inference.planning.memory import Need, Room
from hnseg.inference.prediction import Prediction, Progress, Run
from hnseg.inference.preprocessing.orientation import turned
from hnseg.inference.preprocessing.preprocess import Placement, place, preprocess
from hnseg.machine import free_ram_gib, usable_threads

logger = logging.getLogger(__name__)

Axes = tuple[int, ...]
"""Axes of the patch along which a copy is flipped; none for the tile itself."""


@dataclass
class Ensemble:
    """The networks of all folds.

    Attributes:
        bundle: Where they come from.
        backend: Runs them; another one once a GPU's memory was not enough for it.
        vram_gib: Memory of the GPU that it may have in all.
    """

    bundle: Bundle
    backend: Backend
    vram_gib: float = UNLIMITED_GIB

    @property
    def outputs(self) -> int:
        """Number of classes or regions."""
        return len(self.bundle.dataset.output_values)

    @property
    def record(self) -> Mapping[str, str]:
        """What computes, for provenance: `device`, `backend`, `precision` (asked for) and `arithmetic` (used)."""
        return {
            "device": str(self.backend.device),
            "backend": self.backend.name,
            "precision": self.backend.precision,
            "arithmetic": str(self.backend.arithmetic).removeprefix("torch."),
        }

    def predict(self, channels: Channels, deadline: Deadline, *, effort: Effort = FULL_EFFORT) -> Prediction:
        """Predict one image; see `start`."""
        return self.start(channels, deadline, effort=effort).predict()

    def start(
        self,
        channels: Channels,
        deadline: Deadline,
        *,
        effort: Effort = FULL_EFFORT,
        progress: Progress | None = None,
        probabilities: Probabilities | None = None,
    ) -> Run:
        """Bring an image to the network's grid, ready for the networks.

        The channels are not needed any more then, which may be as large as all that follows.

        Args:
            channels: In the order of the model's channels, as trained on.
            deadline: When the case, not only this step, must have ended.
            effort: The most that may be done.
            progress: Is told after each tile.
            probabilities: (k, z, y, x) on the channels' grid: receives those of each class, or region; see `Canvas`.

        Raises:
            ModelError: The number of channels is not the model's.
            InputError: The image does not fit into memory, or is not what the model's normalisation is for.
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
        room = self._room(placement)
        volume = torch.from_numpy(preprocess(oriented.array, placement, bundle.plans, bundle.configuration))
        interest = interest_in(volume, channels, placement, skip=effort.skip, reorients=bundle.plans.reorients)
        accumulation = Accumulation(self, volume, effort, interest, room)
        run = Run(self, accumulation, placement, channels.grid, deadline, effort, progress, probabilities)
        run.seconds["preprocessing"] = time.monotonic() - started_s
        return run

    def mirrors(self, effort: Effort) -> tuple[Axes, ...]:
        """Return the axes along which each copy of a tile is flipped, the tile itself first."""
        axes = self.bundle.mirroring_axes if effort.mirroring else ()
        return tuple(itertools.chain.from_iterable(itertools.combinations(axes, n) for n in range(len(axes) + 1)))

    def logits_of(self, fold: int, copies: Sequence[tuple[torch.Tensor, Axes]]) -> Iterator[torch.Tensor]:
        """Yield one fold's float32 logits (k, z, y, x) of each of some tiles, to be used before the fold's next pass.

        Args:
            fold: Its place among the networks.
            copies: Tiles (c, z, y, x) as the volume has them, with the axes along which the network sees each flipped;
                they go through the network together.
        """
        is_flat = len(self.bundle.configuration.patch_size) == 2
        device = self.backend.device
        batch = torch.stack([_flipped((seen[:, 0] if is_flat else seen).to(device), flips) for seen, flips in copies])
        outputs = self.backend.logits(fold, batch)
        for logits, (_, flips) in zip(outputs, copies, strict=True):
            turned_back = _flipped(logits, flips)
            yield turned_back[:, None] if is_flat else turned_back

    def lighten(self) -> bool:
        """Let the networks need less memory of the GPU from now on; False where they can't."""
        lighter = self.backend.lighter()
        if lighter is None:
            return False
        self.backend = lighter
        return True

    def _room(self, placement: Placement) -> Room:
        """Choose where things live, or refuse the case.

        Raises:
            InputError: There is no place for them.
        """
        room = Room.plenty(placement, self.bundle, self.backend)
        while not self._fits(room, placement) and (less := room.less()) is not None:
            room = less
        need = Need.of(placement, self.bundle, room)
        need.check(free_ram_gib(), placement, outputs=self.outputs, on_gpu=room.sums_on.type == "cuda")
        return room

    def _fits(self, room: Room, placement: Placement) -> bool:
        need = Need.of(placement, self.bundle, room)
        if room.sums_on.type == "cuda":
            return need.predicting_gib < free_vram_gib(room.sums_on, self.vram_gib)
        return max(need.preparing_gib, need.finishing_gib + need.predicting_gib) < free_ram_gib()


def load_ensemble(
    bundle: Bundle,
    *,
    device: str = "auto",
    vram_gib: float = UNLIMITED_GIB,
    precision: Precision = "exact",
    backend: Choice = "auto",
) -> Ensemble:
    """Build the networks of a bundle and give them their weights.

    Sets the number of threads that torch uses in this process to what the machine and its container allow.

    Args:
        bundle: A model folder, opened.
        device: `cpu`, `cuda`, or `auto`: the GPU if there is one and the backend can use it.
        vram_gib: Memory of the GPU that it may have in all.
        precision: Of the networks' arithmetic.
        backend: What runs the networks.

    Raises:
        ModelError: The weights don't fit the network that the plans describe, or OpenVINO was asked for and can't run
            it.
        InputError: A GPU was asked for and there is none, or OpenVINO and it is not installed.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise InputError(
            "A GPU was asked for (device cuda), but torch finds none. Was the container started with --gpus all, or is"
            " this a build of torch without CUDA?"
        )
    if backend == "openvino":
        _check_openvino(device)
    on_gpu = device != "cpu" and backend != "openvino" and torch.cuda.is_available()
    torch.set_num_threads(usable_threads())
    loaded: Backend | None = None
    if not on_gpu and backend != "torch":
        loaded = _load_openvino(bundle, precision, is_asked_for=backend == "openvino")
    chosen = loaded or TorchBackend.load(bundle, torch.device("cuda" if on_gpu else "cpu"), precision, vram_gib)
    return Ensemble(bundle, chosen, vram_gib)


def _load_openvino(bundle: Bundle, precision: Precision, *, is_asked_for: bool) -> Backend | None:
    """Load the networks into OpenVINO; None where it is not installed, or can't run them and need not."""
    if not _has_openvino():
        return None
    # Imported here, not above: it is optional, and takes a quarter of a second.
    from hnseg.inference.backends.openvino_backend import OpenvinoBackend

    try:
        return OpenvinoBackend.load(bundle, precision)
    except ConversionError as error:
        if is_asked_for:
            raise
        logger.info("note: torch runs the networks. %s", error)
        return None


def _check_openvino(device: str) -> None:
    if device == "cuda":
        raise InputError(
            "OpenVINO (backend openvino) runs on a processor, but a GPU was asked for (device cuda)."
            " Is the device to be cpu, or the backend torch?"
        )
    if not _has_openvino():
        raise InputError(
            "OpenVINO was asked for (backend openvino), but it is not installed here. Was the extra left out"
            " (pip install 'hnseg[openvino]'), or the image built without --build-arg OPENVINO=1?"
        )


def _has_openvino() -> bool:
    return importlib.util.find_spec("openvino") is not None


def _flipped(tile: torch.Tensor, axes: Axes) -> torch.Tensor:
    """Flip a tile (c, *patch) along some axes of the patch; along none it stays where it is."""
    return tile.flip([axis + 1 for axis in axes]) if axes else tile
