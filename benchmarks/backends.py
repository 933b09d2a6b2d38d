"""One pass of a network, by stock nnU-Net and each backend and precision: seconds, memory, agreement, use of machine.

    python benchmarks/backends.py test_data/hnts_mrg/model test_data/han_seg/model

Two networks of full size, with weights from chance (half an hour on two idle processors; 12 GiB), or one of them:

    python benchmarks/backends.py --full-size
    python benchmarks/backends.py --full-size HNTS-MRG-like --repeats 3

Each way runs in a process of its own with one fold's network; nnU-Net's predictor gives its network one tile at a time,
in single precision, hnseg as many as the backend takes together. The ways take turns, a batch each, so that a busy
machine slows all alike. The table has medians of a tile's seconds; processor time counts less of what else runs.
Agreement is with the first way. The roofline is torch's best with one convolution, see `against_nnunet.py`; it is no
bound for OpenVINO, which can do better.
"""

from __future__ import annotations

import hnseg.inference  # noqa: F401 - sets what torch reads from the environment, so it is imported before torch

# isort: split
import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import torch
from against_nnunet import HUGE_PAGES, write_results
from roofline import multiply_adds, roofline
from untrained import write_weights

from hnseg.evaluation.tables import Table
from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.model.manifest import DATASET_FILE, PLANS_FILE
from hnseg.machine import peak_gib, usable_threads

if TYPE_CHECKING:
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

    from hnseg.inference.model.manifest import Fold

ROOT = Path(__file__).parents[1]
STOCK = ("nnU-Net", "stock")
OURS = (("torch", "exact"), ("torch", "fast"), ("openvino", "exact"), ("openvino", "fast"))
MODULES = {"nnU-Net": "nnunetv2", "torch": "torch", "openvino": "openvino"}
SIX_STAGES = {"n_stages": 6, "features_per_stage": [32, 64, 128, 256, 320, 320]}
# As nnU-Net plans them for the two data sets: a plain encoder, and its ResEncM.
FULL_SIZE: dict[str, tuple[str, list[int], str, dict[str, Any]]] = {
    "HaN-Seg-like": (
        "han_seg",
        [64, 160, 160],
        "PlainConvUNet",
        SIX_STAGES
        | {
            "strides": [[1, 1, 1], [1, 2, 2], [2, 2, 2], [2, 2, 2], [2, 2, 2], [1, 2, 2]],
            "kernel_sizes": [[1, 3, 3], *[[3, 3, 3]] * 5],
            "n_conv_per_stage": [2] * 6,
            "n_conv_per_stage_decoder": [2] * 5,
        },
    ),
    "HNTS-MRG-like": (
        "hnts_mrg",
        [48, 192, 192],
        "ResidualEncoderUNet",
        SIX_STAGES
        | {
            "strides": [[1, 1, 1], [1, 2, 2], [2, 2, 2], [2, 2, 2], [2, 2, 2], [1, 2, 2]],
            "kernel_sizes": [[1, 3, 3], *[[3, 3, 3]] * 5],
            "n_blocks_per_stage": [1, 3, 4, 6, 6, 6],
            "n_conv_per_stage_decoder": [1] * 5,
        },
    ),
}


@dataclass(frozen=True)
class Pass:
    """One batch; seconds are a tile's."""

    wall_s: float
    cpu_s: float


@dataclass(frozen=True)
class Found:
    """What a way took, and its logits of one tile."""

    load_s: float
    arithmetic: str
    passes: Sequence[Pass]
    peak_gib: float
    logits: torch.Tensor

    def median_of(self, name: str) -> float:
        """Return the median of one number of every pass."""
        return median(getattr(each, name) for each in self.passes)


@dataclass
class Way:
    """A library and a precision, at work in a process of its own."""

    child: subprocess.Popen[str]
    passes: list[Pass]

    @classmethod
    def start(cls, model: Path, library: str, precision: str) -> Way:
        """Start it; it loads the network when it is asked to."""
        command = [sys.executable, __file__, str(model), "--serve", library, precision]
        environment = os.environ | ({HUGE_PAGES: "0"} if (library, precision) == STOCK else {})
        pipe = subprocess.PIPE
        return cls(subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT, env=environment), [])

    def ask(self, words: str) -> Any:
        """Return the answer to one line."""
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        self.child.stdin.write(words + "\n")
        self.child.stdin.flush()
        return json.loads(self.child.stdout.readline())

    def end(self, load: Mapping[str, Any], logits: Path) -> Found:
        """Return all that was found, when it has written its logits to a file."""
        peak_gib = self.ask("peak")
        self.ask(f"save {logits}")
        self.child.communicate()
        return Found(**load, passes=self.passes, peak_gib=peak_gib, logits=torch.load(logits))


@dataclass(frozen=True)
class Stock:
    """nnU-Net's predictor with one fold's network, asked as hnseg's backends are."""

    predictor: nnUNetPredictor
    copies_together: int = 1
    arithmetic: torch.dtype = torch.float32

    @classmethod
    def load(cls, results: Path, fold: Fold) -> Stock:
        """Load it as nnU-Net does; what it prints goes to stderr."""
        from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

        with redirect_stdout(sys.stderr):
            predictor = nnUNetPredictor(use_mirroring=False, device=torch.device("cpu"), allow_tqdm=False)
            predictor.initialize_from_trained_model_folder(str(results), (fold,))
        predictor.network.load_state_dict(predictor.list_of_parameters[0])
        predictor.network.eval()
        return cls(predictor)

    @torch.inference_mode()
    def logits(self, _fold: int, batch: torch.Tensor) -> torch.Tensor:
        """Return the logits of a batch of one tile."""
        logits: torch.Tensor = self.predictor.network(batch)
        return logits


def main() -> int:
    """Print a table a network."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", type=Path, help="exported bundles, or nnU-Net's result folders")
    parser.add_argument(
        "--full-size", nargs="*", choices=FULL_SIZE, metavar="NAME", help=f"{' and '.join(FULL_SIZE)}, or one of them"
    )
    parser.add_argument("--repeats", type=int, default=7, help="batches of each way (default: %(default)s)")
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.models[0].resolve(), *given.serve)
        return 0
    torch.set_num_threads(usable_threads())
    names = FULL_SIZE if given.full_size == [] else given.full_size or ()
    with tempfile.TemporaryDirectory() as folder:
        for model in [*given.models, *full_size(Path(folder), names)]:
            gflop = 2 * multiply_adds(open_bundle(model)) / 1e9
            found, peaks = measure(model.resolve(), given.repeats)
            print(f"\n{described(model)} A pass has {gflop:.4g} GFLOP in convolutions.\n")
            print(table_of(found, gflop, peaks).as_markdown(), flush=True)
            rates = ", ".join(f"{name} {rate:.0f}" for name, rate in peaks.items())
            print(f"\nMedian of {given.repeats}. Roofline in GFLOP/s (two a multiply-add): {rates}.", flush=True)
    return 0


def full_size(folder: Path, names: Iterable[str]) -> Iterator[Path]:
    """Write networks of full size, one fold each."""
    for name in names:
        source, patch, network, arguments = FULL_SIZE[name]
        model = open_bundle(ROOT / "test_data" / source / "model")
        output = folder / name
        output.mkdir()
        shutil.copyfile(model.folder / DATASET_FILE, output / DATASET_FILE)
        plans = json.loads((model.folder / PLANS_FILE).read_text())
        configuration = plans["configurations"][model.configuration.name]
        configuration["patch_size"] = patch
        architecture = configuration["architecture"]
        architecture["network_class_name"] = f"dynamic_network_architectures.architectures.unet.{network}"
        kept = {key: value for key, value in architecture["arch_kwargs"].items() if key != "n_conv_per_stage"}
        architecture["arch_kwargs"] = kept | arguments
        (output / PLANS_FILE).write_text(json.dumps(plans))
        write_weights(model, model.folds[:1], output)
        yield output


def described(model: Path) -> str:
    """Return a line on the network."""
    bundle = open_bundle(model)
    kind = bundle.configuration.architecture.network_class_name.rpartition(".")[2]
    millions = sum(tensor.numel() for tensor in bundle.state_dicts[0].values()) / 1e6
    patch = " x ".join(map(str, bundle.configuration.patch_size))
    classes = len(bundle.dataset.output_values)
    return f"{model}: {kind} of {millions:.2f} million weights, tiles of {patch}, {classes} classes."


def measure(model: Path, repeats: int) -> tuple[dict[tuple[str, str], Found], dict[str, float]]:
    """Let every way take turns, after a first batch that prepares and is not counted.

    Returns:
        What was found of each way, and the roofline's GFLOP a second by arithmetic.
    """
    with ExitStack() as stack, tempfile.TemporaryDirectory() as name:
        folder, ways, peaks = Path(name), {}, dict[str, float]()
        for names in ways_here():
            seen = results_of(model, folder / "results") if names == STOCK else model
            ways[names] = Way.start(seen, *names)
            stack.enter_context(ways[names].child)
        loads = {names: way.ask("load") for names, way in ways.items()}
        for repeat in range(repeats + 1):
            for way in ways.values():
                found = Pass(**way.ask("batch"))
                if repeat:
                    way.passes.append(found)
            for arithmetic in sorted({load["arithmetic"] for load in loads.values()}):
                peaks[arithmetic] = max(peaks.get(arithmetic, 0.0), 2 * roofline("cpu", arithmetic) / 1e9)
        ended = {names: way.end(loads[names], folder / str(n)) for n, (names, way) in enumerate(ways.items())}
    return ended, peaks


def ways_here() -> list[tuple[str, str]]:
    """Return the ways whose library is installed."""
    return [names for names in (STOCK, *OURS) if importlib.util.find_spec(MODULES[names[0]])]


def results_of(model: Path, folder: Path) -> Path:
    """Return a model's first fold as the result folder that nnU-Net's predictor reads, written where it is none."""
    bundle = open_bundle(model)
    return model if bundle.manifest is None else write_results(open_bundle(model, folds=bundle.folds[:1]), folder)


def table_of(found: Mapping[tuple[str, str], Found], gflop: float, peaks: Mapping[str, float]) -> Table:
    """Return one row a way."""
    first = next(iter(found.values()))
    first_wall_s, first_cpu_s = first.median_of("wall_s"), first.median_of("cpu_s")
    rows = []
    for (library, precision), way in found.items():
        wall_s, cpu_s = way.median_of("wall_s"), way.median_of("cpu_s")
        cells = (
            f"{way.load_s:.1f}",
            f"{wall_s:.3g}",
            f"{cpu_s:.3g}",
            f"{first_wall_s / wall_s:.2f}",
            f"{first_cpu_s / cpu_s:.2f}",
            f"{100 * gflop / wall_s / peaks[way.arithmetic]:.0f}",
            f"{way.peak_gib:.2f}",
            *agreement(way.logits, first.logits),
        )
        rows.append((f"{library} {precision} ({way.arithmetic})", *cells))
    headings = (
        *("way", "load (s)", "a tile (s)", "a tile, processor (s)", "times faster", "times less processor"),
        *("of the roofline (%)", "peak memory (GiB)", "same class (%)", "largest difference of logits"),
    )
    return Table(headings, tuple(rows))


def agreement(ours: torch.Tensor, theirs: torch.Tensor) -> tuple[str, str]:
    """Return the share of voxels with the same class, and the largest difference of logits."""
    same = (ours.argmax(0) == theirs.argmax(0)).double().mean().item()
    return f"{100 * same:.4f}", f"{(ours - theirs).abs().max().item():.2g}"


def serve(model: Path, library: Any, precision: Any) -> None:
    """Answer each line on stdin with one of JSON on stdout."""
    running: Any = None
    batch = torch.empty(0)
    for line in sys.stdin:
        words, answer = line.split(), None
        started_s, started_cpu_s = time.monotonic(), time.process_time()
        if running is None:
            bundle = open_bundle(model)
            first = open_bundle(model, folds=bundle.folds[:1])
            started_s = time.monotonic()
            if (library, precision) == STOCK:
                running = Stock.load(model, bundle.folds[0])
            else:
                running = load_ensemble(first, device="cpu", backend=library, precision=precision).backend
            shape = (running.copies_together, bundle.network_channels, *bundle.configuration.patch_size)
            batch = torch.randn(shape[1:], generator=torch.Generator().manual_seed(0)).expand(shape).contiguous()
            arithmetic = str(running.arithmetic).removeprefix("torch.")
            answer = {"load_s": time.monotonic() - started_s, "arithmetic": arithmetic}
        elif words[0] == "batch":
            running.logits(0, batch)
            seconds = (time.monotonic() - started_s, time.process_time() - started_cpu_s)
            answer = {name: taken / len(batch) for name, taken in zip(("wall_s", "cpu_s"), seconds, strict=True)}
        elif words[0] == "save":
            torch.save(running.logits(0, batch)[0].clone(), words[1])
        else:
            answer = peak_gib()
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
