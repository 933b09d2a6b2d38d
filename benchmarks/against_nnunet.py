"""Stock nnU-Net and hnseg on one case, by turns: seconds, memory, agreement, and how much of the machine is used.

    python benchmarks/against_nnunet.py --challenge han_seg --case test_data/han_seg/case_000
    python benchmarks/against_nnunet.py MODEL_DIR CHANNEL_0.nii.gz CHANNEL_1.nii.gz --mirroring off

With --challenge its method makes the channels, before the clock starts. MODEL_DIR is an exported bundle or nnU-Net's
result folder; a bundle's weights are written as a result folder for nnU-Net. Every run is a process of its own, and no
two run at once. The clock runs from the loaded predictor with the image in memory to the label map in memory: for
nnU-Net `predict_single_npy_array`, as it comes. Memory is the process's largest, a GPU's what torch reserved at most.
Agreement is the share of voxels with the same label; nnU-Net that sums over tiles in single precision is run once for
it. The roofline is one convolution of 32 to 32 channels, 3 x 3 x 3, on 48 x 192 x 192 voxels by torch in the same
arithmetic and the faster layout, the best of all rounds. Of a cascade the passes are those of the second stage.
"""

from __future__ import annotations

import hnseg.inference  # noqa: F401 - sets what torch reads from the environment, so it is imported before torch

# isort: split
import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
import torch
from roofline import multiply_adds, roofline

# What only one of the two predictors loads is imported where it is used, so that the other's memory does not hold it.
from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import Grid, array_of
from hnseg.inference.preprocessing.orientation import turned, turned_array
from hnseg.machine import GIB, peak_gib, usable_threads

if TYPE_CHECKING:
    from hnseg.evaluation.tables import Table
    from hnseg.inference.model.bundle import Bundle
    from hnseg.inference.model.manifest import Fold

ROOT = Path(__file__).parents[1]
STOCK = "stock nnU-Net"
FLOAT32_SUMS = "stock nnU-Net, float32 sums"
HUGE_PAGES = "THP_MEM_ALLOC_ENABLE"
"""The environment variable that lets torch ask for huge pages: hnseg may set it, nnU-Net does not."""
OURS = {f"hnseg, {backend} {way}": (backend, way) for backend in ("torch", "openvino") for way in ("exact", "fast")}

Labels = npt.NDArray[np.integer[Any]]  # (z, y, x)
Segment = Callable[[], tuple[Labels, int]]
"""Gives the label map and the number of passes."""


@dataclass(frozen=True)
class Job:
    """What every process is told.

    Attributes:
        model: For hnseg.
        results: The same model as nnU-Net's result folder.
        folds: All that are used.
        grid: Fields of the image's `Grid`.
        turns: Whether nnU-Net's reader would turn the image.
        seen_mm: Spacing (z, y, x) of the image as it would.
        device: `cpu` or `cuda`.
        mirroring: Whether mirrored copies are used where the model allows them.
        vram_gib: Memory of the GPU that may be had in all.
        first_results: First stage of a cascade as nnU-Net's result folder; empty where there is none.
        first_folds: All of its folds.
    """

    model: str
    results: str
    folds: Sequence[Fold]
    grid: Mapping[str, Any]
    turns: bool
    seen_mm: Sequence[float]
    device: str
    mirroring: bool
    vram_gib: float
    first_results: str = ""
    first_folds: Sequence[Fold] = ()


@dataclass(frozen=True)
class Measured:
    """One case in one process.

    `start_s` is from the process's start to the loaded predictor. `passes` is how often a network ran, as hnseg counts;
    0 for nnU-Net, which does not tell and has as many.
    """

    arithmetic: str
    passes: int
    start_s: float
    wall_s: float
    cpu_s: float
    loaded_gib: float
    peak_gib: float
    vram_gib: float


@dataclass(frozen=True)
class Outcome:
    """All that was measured on one case, by way: a run a round, none where it failed, and the label map, turned alike.

    `peaks` are the roofline's multiply-adds a second, by arithmetic, one a round.
    """

    runs: Mapping[str, list[Measured]]
    labels: Mapping[str, Labels]
    peaks: Mapping[str, list[float]]


def main() -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", type=Path, help="an exported bundle, or nnU-Net's result folder")
    parser.add_argument("images", nargs="*", type=Path, help="one a channel, in the model's order")
    parser.add_argument("--challenge", help="makes the channels of --case; its demo model is the default")
    parser.add_argument("--case", type=Path, help="folder with input/ (default: test_data/CHALLENGE/case_000)")
    parser.add_argument("--folds", type=int, nargs="+", help="use these only (default: all)")
    parser.add_argument("--mirroring", choices=("on", "off"), default="on", help="default: %(default)s")
    parser.add_argument("--repeats", type=int, default=3, help="rounds (default: %(default)s)")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="default: %(default)s")
    parser.add_argument("--vram-gib", type=float, default=float("inf"), help="memory of the GPU that each may have")
    parser.add_argument("--child", nargs=3, metavar=("FOLDER", "WAY", "STARTED_S"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        run_here(Path(given.child[0]), given.child[1], float(given.child[2]))
    elif given.challenge or given.images:
        compare(given)
    else:
        parser.error("a model with one image a channel must be given, or --challenge")
    return 0


def compare(given: argparse.Namespace) -> None:
    """Prepare the case, let the ways take turns, and print what was found."""
    from hnseg.inference.model.bundle import open_bundle

    torch.set_num_threads(usable_threads())
    bundle = open_bundle((given.model or ROOT / "test_data" / given.challenge / "model").resolve(), folds=given.folds)
    device = given.device if given.device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        image = channels_of_challenge(given, bundle) if given.challenge else read(given.images)
        mirroring = given.mirroring == "on"
        job = prepare(folder, bundle, image, device=device, mirroring=mirroring, vram_gib=given.vram_gib)
        del image
        outcome = measure(folder, device, given.repeats)
    passes = max((each.passes for found in outcome.runs.values() for each in found), default=0)
    a_pass = multiply_adds(bundle)
    table = table_of(outcome, passes * a_pass)
    print(f"\n{described(bundle, job, a_pass=a_pass, passes=passes)}\n\n{table.as_markdown()}\n")
    rates = ", ".join(f"{name} {2 * max(each) / 1e9:.0f}" for name, each in outcome.peaks.items())
    print(f"Median of {given.repeats}, least to most. Roofline in GFLOP/s (two a multiply-add): {rates}.")


def channels_of_challenge(given: argparse.Namespace, bundle: Bundle) -> Channels:
    """Return what the challenge's method makes of the case."""
    from hnseg.platform.challenge import load_challenge
    from hnseg.platform.reading import read_case

    challenge = load_challenge(ROOT / "containers" / given.challenge)
    case = given.case or ROOT / "test_data" / given.challenge / "case_000"
    settings = challenge.method.Settings.model_validate(bundle.settings)
    return challenge.method.prepare(read_case(challenge.spec, case / "input"), settings)


def read(paths: Sequence[Path]) -> Channels:
    """Return images on one grid as channels."""
    images = [sitk.ReadImage(str(path)) for path in paths]
    return Channels(np.stack([array_of(image) for image in images]).astype(np.float32), Grid.of(images[0]))


def prepare(folder: Path, bundle: Bundle, image: Channels, **values: Any) -> Job:
    """Write all that the processes read, and return what they are told.

    Args:
        folder: Receives it.
        bundle: The model.
        image: As the ensemble gets it; nnU-Net gets it turned as its reader would.
        values: The job's `device`, `mirroring` and `vram_gib`.
    """
    seen = turned(image) if bundle.plans.reorients else image
    np.save(folder / "channels.npy", image.array)
    np.save(folder / "seen.npy", np.ascontiguousarray(seen.array))
    job = Job(
        model=str(bundle.folder),
        results=str(write_results(bundle, folder / "results")),
        folds=bundle.folds,
        first_results=str(write_results(bundle.previous, folder / "first")) if bundle.previous else "",
        first_folds=bundle.previous.folds if bundle.previous else (),
        grid=asdict(image.grid),
        turns=bundle.plans.reorients,
        seen_mm=seen.grid.spacing_zyx_mm,
        **values,
    )
    (folder / "job.json").write_text(json.dumps(asdict(job)))
    return job


def write_results(bundle: Bundle, output: Path) -> Path:
    """Write an exported bundle as the result folder that nnU-Net's predictor reads; its own folder is returned."""
    if bundle.manifest is None:
        return bundle.folder
    from hnseg.inference.model.architecture import network_of
    from hnseg.inference.model.manifest import DATASET_FILE, PLANS_FILE

    for place, fold in enumerate(bundle.folds):
        path = output / f"fold_{fold}" / "checkpoint_final.pth"
        path.parent.mkdir(parents=True)
        content = {
            "network_weights": network_of(bundle, place).state_dict(),
            "trainer_name": "nnUNetTrainer",
            "init_args": {"configuration": bundle.configuration.name},
            "inference_allowed_mirroring_axes": bundle.mirroring_axes or None,
        }
        torch.save(content, path)
    for name in (PLANS_FILE, DATASET_FILE):
        (output / name).symlink_to(bundle.folder / name)
    return output


def measure(folder: Path, device: str, repeats: int) -> Outcome:
    """Let every way that can run here take turns, a process each; one that fails is not asked again."""
    names = ways_on(device)
    runs: dict[str, list[Measured]] = {name: [] for name in names}
    peaks: dict[str, list[float]] = {}
    failed = set() if run_child(folder, FLOAT32_SUMS) else {FLOAT32_SUMS}
    for repeat in range(repeats):
        for name in [name for name in names if name not in failed]:
            if found := run_child(folder, name):
                runs[name].append(found)
                print(f"round {repeat + 1}, {name}: {found.wall_s:.2f} s", file=sys.stderr)
            else:
                failed.add(name)
                runs[name].clear()
        for arithmetic in sorted({each.arithmetic for found in runs.values() for each in found}):
            peaks.setdefault(arithmetic, []).append(roofline(device, arithmetic))
    labels = {name: np.load(folder / f"{name}.npy") for name in (*names, FLOAT32_SUMS) if name not in failed}
    return Outcome(runs, labels, peaks)


def ways_on(device: str) -> list[str]:
    """Return the ways that can run on a device with what is installed, stock nnU-Net first."""
    has_openvino = device == "cpu" and importlib.util.find_spec("openvino") is not None
    return [STOCK, *(name for name, (backend, _) in OURS.items() if backend == "torch" or has_openvino)]


def run_child(folder: Path, name: str) -> Measured | None:
    """Run the case in one way; None, and the end of its log to stderr, where that fails."""
    command = [sys.executable, __file__, "--child", str(folder), name, str(time.monotonic())]
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | ({} if name in OURS else {HUGE_PAGES: "0"})
    ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, check=False)
    if ended.returncode:  # negative: the signal that ended it
        print(f"{name} failed, status {ended.returncode}:", *ended.stderr.splitlines()[-5:], sep="\n", file=sys.stderr)
        return None
    return Measured(**json.loads((folder / f"{name}.json").read_text()))


def run_here(folder: Path, name: str, started_s: float) -> None:
    """Run the case in this process, and write the label map and what was measured beside the job."""
    job = Job(**json.loads((folder / "job.json").read_text()))
    arithmetic, segment = load_hnseg(job, folder, *OURS[name]) if name in OURS else load_stock(job, folder)
    sums: Any = nullcontext()
    if name == FLOAT32_SUMS:
        from tests.support.nnunet_oracle import float32_accumulators

        sums = float32_accumulators()
    loaded_gib = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / GIB
    loaded_s, loaded_cpu_s = time.monotonic(), time.process_time()
    with sums:
        labels, passes = segment()
    wall_s, cpu_s = time.monotonic() - loaded_s, time.process_time() - loaded_cpu_s
    vram_gib = torch.cuda.max_memory_reserved() / GIB if job.device == "cuda" else 0.0
    found = Measured(arithmetic, passes, loaded_s - started_s, wall_s, cpu_s, loaded_gib, peak_gib(), vram_gib)
    (folder / f"{name}.json").write_text(json.dumps(asdict(found)))
    np.save(folder / f"{name}.npy", labels)


def load_stock(job: Job, folder: Path) -> tuple[str, Segment]:
    """Load nnU-Net's predictor and the image; return what it computes in, and what runs it."""
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

    device = torch.device(job.device)
    if job.device == "cuda" and np.isfinite(job.vram_gib):
        total_gib = torch.cuda.get_device_properties(device).total_memory / GIB
        torch.cuda.set_per_process_memory_fraction(min(1.0, job.vram_gib / total_gib))
    stages = [(job.first_results, job.first_folds)] if job.first_results else []
    predictors = []
    for results, folds in [*stages, (job.results, job.folds)]:
        predictor = nnUNetPredictor(use_mirroring=job.mirroring, device=device, allow_tqdm=False)
        predictor.initialize_from_trained_model_folder(results, tuple(folds))
        predictors.append(predictor)
    image = np.load(folder / "seen.npy")

    def segment() -> tuple[Labels, int]:
        """Segment in all stages, the label map of each being input of the next."""
        labels = None
        for predictor in predictors:
            previous = None if labels is None else labels[None].astype(np.float32)
            labels = predictor.predict_single_npy_array(image, {"spacing": list(job.seen_mm)}, previous)
        return labels, 0

    return "float16" if job.device == "cuda" else "float32", segment


def load_hnseg(job: Job, folder: Path, backend: Any, precision: Any) -> tuple[str, Segment]:
    """Load the ensemble and the image; return what it computes in, and what runs it."""
    from hnseg.inference.loading import load_ensemble
    from hnseg.inference.model.bundle import open_bundle
    from hnseg.inference.planning.deadline import Deadline
    from hnseg.inference.planning.effort import Effort
    from hnseg.inference.predictor import start_prediction

    bundle = open_bundle(Path(job.model), folds=job.folds)
    ensemble = load_ensemble(bundle, device=job.device, vram_gib=job.vram_gib, precision=precision, backend=backend)
    grid = Grid(**job.grid)
    image = [Channels(np.load(folder / "channels.npy"), grid)]

    def segment() -> tuple[Labels, int]:
        """Segment as the pipeline does: nobody keeps the image while the networks run."""
        prediction = start_prediction(ensemble, image.pop(), Deadline.never(), effort=Effort(mirroring=job.mirroring))
        predicted = prediction.predict()
        labels = array_of(predicted.label_map)
        return turned_array(labels, grid) if job.turns else labels, predicted.effort_spent.passes

    return str(ensemble.backend.arithmetic).removeprefix("torch."), segment


def described(bundle: Bundle, job: Job, *, a_pass: int, passes: int) -> str:
    """Return what ran on what."""
    from backends import described as network

    on = torch.cuda.get_device_name() if job.device == "cuda" else f"{torch.get_num_threads()} processors"
    cap = f", at most {job.vram_gib:g} GiB of its memory" if np.isfinite(job.vram_gib) else ""
    packages = [name for name in ("nnunetv2", "torch", "openvino") if importlib.util.find_spec(name)]
    mirrors = f"mirroring {'on' if job.mirroring else 'off'}" if bundle.mirroring_axes else "no mirroring axes"
    voxels = " x ".join(map(str, reversed(job.grid["size_xyz"])))
    return (
        f"{network(bundle.folder)}\nImage of {voxels} voxels, {len(bundle.folds)} folds, {mirrors}:"
        f" {passes} passes of {a_pass / 1e9:.2f} billion multiply-adds.\nOn {on}{cap};"
        f" {', '.join(f'{name} {version(name)}' for name in packages)}."
    )


def table_of(outcome: Outcome, work: int) -> Table:
    """Return one row a way."""
    from hnseg.evaluation.tables import Table

    headings = (
        *("way", "start (s)", "case (s)", "case, processor (s)", "times faster", "times less processor"),
        *("loaded (GiB)", "peak memory (GiB)", "GPU memory (GiB)"),
        *("same as stock (%)", "same as with float32 sums (%)", "of the roofline (%)"),
    )
    rows = [(name, *cells(name, outcome, work)) for name in outcome.runs]
    columns = [column for column in zip(headings, *rows, strict=True) if any(column[1:])]
    heading, *kept = zip(*columns, strict=True)
    return Table(heading, tuple(tuple(cell or "-" for cell in row) for row in kept))


def cells(name: str, outcome: Outcome, work: int) -> Iterator[str]:
    """Yield a row's numbers; empty ones where a way did not end, or there is no GPU."""
    found, stock = outcome.runs[name], outcome.runs[STOCK]
    if not found:
        yield from ("", "failed", *[""] * 9)
        return
    wall_s, cpu_s = (median(getattr(each, field) for each in found) for field in ("wall_s", "cpu_s"))
    yield f"{median(each.start_s for each in found):.1f}"
    yield f"{wall_s:.2f} ({min(each.wall_s for each in found):.2f} to {max(each.wall_s for each in found):.2f})"
    yield f"{cpu_s:.2f}"
    yield f"{median(each.wall_s for each in stock) / wall_s:.2f}" if stock else ""
    yield f"{median(each.cpu_s for each in stock) / cpu_s:.2f}" if stock else ""
    yield f"{median(each.loaded_gib for each in found):.2f}"
    yield f"{max(each.peak_gib for each in found):.2f}"
    vram_gib = max(each.vram_gib for each in found)
    yield f"{vram_gib:.2f}" if vram_gib else ""
    for other in (STOCK, FLOAT32_SUMS):
        both = [outcome.labels[each] for each in (name, other) if each in outcome.labels]
        yield f"{100 * np.equal(*both).mean():.5f}" if len(both) == 2 else ""
    yield f"{100 * work / wall_s / max(outcome.peaks[found[0].arithmetic]):.0f} ({found[0].arithmetic})"


if __name__ == "__main__":
    sys.exit(main())
