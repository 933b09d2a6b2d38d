"""One pass of a network with each backend and precision: seconds, memory, and agreement with torch's single precision.

    python benchmarks/backends.py test_data/hnts_mrg/model test_data/han_seg/model

Two networks of full size, with weights from chance (half an hour on two idle processors; 8 GiB):

    python benchmarks/backends.py --full-size

Each way runs in a process of its own with one fold's network. The ways take turns, a batch each, so that a busy machine
slows all alike. The table has medians of a tile's seconds; processor time counts less of what else runs.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import torch
from untrained import write_weights

from hnseg.evaluation.tables import Table
from hnseg.inference.bundle import open_bundle
from hnseg.inference.ensemble import load_ensemble
from hnseg.inference.manifest import DATASET_FILE, PLANS_FILE
from hnseg.memory import peak_gib

ROOT = Path(__file__).parents[1]
WAYS = (("torch", "exact"), ("torch", "fast"), ("openvino", "exact"), ("openvino", "fast"))
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


@dataclass
class Way:
    """A backend and a precision, at work in a process of its own."""

    child: subprocess.Popen[str]
    passes: list[Pass]

    @classmethod
    def start(cls, model: Path, backend: str, precision: str) -> Way:
        """Start it; it loads the network when it is asked to."""
        command = [sys.executable, __file__, str(model), "--serve", backend, precision]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        return cls(child, [])

    def ask(self, words: str) -> Any:
        """Return the answer to one line."""
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        self.child.stdin.write(words + "\n")
        self.child.stdin.flush()
        return json.loads(self.child.stdout.readline())


def main() -> int:
    """Print a table a network."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", type=Path, help="exported bundles, or nnU-Net's result folders")
    parser.add_argument("--full-size", action="store_true", help="the two networks of full size")
    parser.add_argument("--repeats", type=int, default=7, help="batches of each way (default: %(default)s)")
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.models[0].resolve(), *given.serve)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        for model in [*given.models, *(full_size(Path(folder)) if given.full_size else ())]:
            print(f"\n{described(model)}\n\n{measure(model.resolve(), given.repeats).as_markdown()}", flush=True)
    return 0


def full_size(folder: Path) -> Iterator[Path]:
    """Write the networks of full size, one fold each."""
    for name, (source, patch, network, arguments) in FULL_SIZE.items():
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


def measure(model: Path, repeats: int) -> Table:
    """Let every way take turns, after a first batch that prepares and is not counted."""
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        ways = {names: Way.start(model, *names) for names in WAYS}
        for way in ways.values():
            stack.enter_context(way.child)
        loads = {names: way.ask("load") for names, way in ways.items()}
        for repeat in range(repeats + 1):
            for way in ways.values():
                found = Pass(**way.ask("batch"))
                if repeat:
                    way.passes.append(found)
        peaks = {names: way.ask("peak") for names, way in ways.items()}
        logits = {}
        for number, (names, way) in enumerate(ways.items()):
            way.ask(f"save {Path(folder) / str(number)}")
            logits[names] = torch.load(Path(folder) / str(number))
            way.child.communicate()
    wall_s, cpu_s = ([median(values) for values in zip_of(ways, name)] for name in ("wall_s", "cpu_s"))
    rows = [
        (
            f"{backend} {precision} ({loads[backend, precision]['arithmetic']})",
            f"{loads[backend, precision]['seconds']:.1f}",
            f"{wall_s[row]:.3g}",
            f"{cpu_s[row]:.3g}",
            f"{wall_s[0] / wall_s[row]:.2f}",
            f"{cpu_s[0] / cpu_s[row]:.2f}",
            f"{peaks[backend, precision]:.2f}",
            *agreement(logits[backend, precision], logits[WAYS[0]]),
        )
        for row, (backend, precision) in enumerate(WAYS)
    ]
    headings = (
        *("way", "load (s)", "a tile (s)", "a tile, processor (s)", "times faster", "times less processor"),
        *("peak memory (GiB)", "same class (%)", "largest difference of logits"),
    )
    return Table(headings, tuple(rows))


def zip_of(ways: dict[tuple[str, str], Way], name: str) -> Iterator[list[float]]:
    """Yield one number of every pass, way by way."""
    for way in ways.values():
        yield [getattr(each, name) for each in way.passes]


def agreement(ours: torch.Tensor, theirs: torch.Tensor) -> tuple[str, str]:
    """Return the share of voxels with the same class, and the largest difference of logits."""
    same = (ours.argmax(0) == theirs.argmax(0)).double().mean().item()
    return f"{100 * same:.4f}", f"{(ours - theirs).abs().max().item():.2g}"


def serve(model: Path, backend: Any, precision: Any) -> None:
    """Answer each line on stdin with one of JSON on stdout."""
    running, batch = None, torch.empty(0)
    for line in sys.stdin:
        words, answer = line.split(), None
        started_s, started_cpu_s = time.monotonic(), time.process_time()
        if running is None:
            bundle = open_bundle(model)
            first = open_bundle(model, folds=bundle.folds[:1])
            started_s = time.monotonic()
            running = load_ensemble(first, device="cpu", backend=backend, precision=precision).backend
            shape = (running.copies_together, len(bundle.channels), *bundle.configuration.patch_size)
            batch = torch.randn(shape[1:], generator=torch.Generator().manual_seed(0)).expand(shape).contiguous()
            arithmetic = str(running.arithmetic).removeprefix("torch.")
            answer = {"seconds": time.monotonic() - started_s, "arithmetic": arithmetic}
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
