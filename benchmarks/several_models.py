"""Mean of several models by stock nnU-Net and by hnseg on one case: seconds, memory and agreement.

    python benchmarks/several_models.py --challenge hnts_mrg
    python benchmarks/several_models.py MODEL_DIR MODEL_DIR --images CHANNEL_0.nii.gz CHANNEL_1.nii.gz

Models are nnU-Net's result folders. With --challenge they are two halves of the demo ensemble's folds on its first
case. Stock predicts with each model, writes the probabilities (`--save_probabilities`), and averages what it wrote
(`ensemble_folders`); hnseg does all of it in memory. Every run is a process of its own; the clock runs from the loaded
models with the images in files to the label map. Processor time is that of all processes. Memory is the process's
largest, or that of one of nnU-Net's own processes where that is larger.
"""

from __future__ import annotations

import hnseg.inference  # noqa: F401 - sets what torch reads from the environment, so it is imported before torch

# isort: split
import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
import torch
from against_nnunet import channels_of_challenge, write_results

from hnseg.imaging.geometry import array_of, image_of
from hnseg.inference.model.bundle import open_bundle
from hnseg.machine import GIB, peak_gib, usable_threads

ROOT = Path(__file__).parents[1]
STOCK, FLOAT32_SUMS = "stock nnU-Net", "stock nnU-Net, float32 sums"
WAYS = (STOCK, FLOAT32_SUMS, "hnseg, torch", "hnseg, openvino", "hnseg, torch, sum in a file")


def main() -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", type=Path, help="nnU-Net's result folders")
    parser.add_argument("--images", nargs="*", type=Path, default=[], help="one a channel, in the models' order")
    parser.add_argument("--challenge", help="halves of its demo ensemble, on its first case")
    parser.add_argument("--mirroring", choices=("on", "off"), default="off", help="default: %(default)s")
    parser.add_argument("--child", nargs=2, metavar=("FOLDER", "WAY"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        run_here(Path(given.child[0]), given.child[1])
        return 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        models, images = halves_of_demo(given.challenge, folder) if given.challenge else (given.models, given.images)
        job = {"models": list(map(str, models)), "images": list(map(str, images)), "mirroring": given.mirroring == "on"}
        (folder / "job.json").write_text(json.dumps(job))
        print(table_of(folder))
    return 0


def halves_of_demo(challenge: str, folder: Path) -> tuple[list[Path], list[Path]]:
    """Write the first folds of a demo ensemble and the others as result folders, and its first case's channels."""
    bundle = open_bundle(ROOT / "test_data" / challenge / "model")
    half = (len(bundle.folds) + 1) // 2
    models = [
        write_results(open_bundle(bundle.folder, folds=folds), folder / f"folds_{folds[0]}_to_{folds[-1]}")
        for folds in (bundle.folds[:half], bundle.folds[half:])
    ]
    channels = channels_of_challenge(argparse.Namespace(challenge=challenge, case=None, model=None), bundle)
    images = [folder / f"case_{number:04d}.nii.gz" for number in range(len(channels.array))]
    for path, array in zip(images, channels.array, strict=True):
        sitk.WriteImage(image_of(array, channels.grid), str(path))
    return models, images


def table_of(folder: Path) -> str:
    """Return a row a way: seconds, processor time, memory, and agreement with stock in single precision."""
    found = {}
    for way in WAYS:
        subprocess.run([sys.executable, __file__, "--child", str(folder), way], check=True, stdout=subprocess.DEVNULL)
        found[way] = json.loads((folder / f"{way}.json").read_text())
    labels = {way: np.load(folder / f"{way}.npy") for way in WAYS}
    title = f"Two models, {labels[STOCK].shape} voxels, {usable_threads()} processors, torch {torch.__version__}."
    rows = [
        [
            way,
            f"{found[way]['wall_s']:.2f}",
            f"{found[way]['cpu_s']:.2f}",
            f"{found[way]['peak_gib']:.2f}",
            *(f"{100 * np.mean(labels[way] == labels[other]):.5f}" for other in (STOCK, FLOAT32_SUMS)),
        ]
        for way in WAYS
    ]
    heads = ["way", "case (s)", "processor (s)", "peak memory (GiB)", "same as stock (%)", "as with float32 sums (%)"]
    lines = [" | ".join(row) for row in (heads, ["---", *(["---:"] * 5)], *rows)]
    return "\n".join([title, "", *(f"| {line} |" for line in lines)])


def run_here(folder: Path, way: str) -> None:
    """Segment in this process, and write the label map and what it took."""
    job = json.loads((folder / "job.json").read_text())
    segment = load_hnseg(job, way) if way.startswith("hnseg") else load_stock(job, folder / f"{way} output", way)
    started_s, before_s = time.perf_counter(), _processor_s()
    labels = segment()
    taken = {"wall_s": time.perf_counter() - started_s, "cpu_s": _processor_s() - before_s}
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / GIB
    (folder / f"{way}.json").write_text(json.dumps({**taken, "peak_gib": max(peak_gib(), children)}))
    np.save(folder / f"{way}.npy", labels)


def load_stock(job: dict[str, Any], output: Path, way: str) -> Callable[[], Any]:
    """Load nnU-Net's predictors, and return what segments and averages by them."""
    from nnunetv2.ensembling.ensemble import ensemble_folders
    from nnunetv2.imageio.simpleitk_reader_writer import SimpleITKIO
    from nnunetv2.inference import predict_from_raw_data

    sys.path.insert(0, str(ROOT))
    from tests.support.nnunet_oracle import float32_accumulators

    predictors = []
    for model in map(Path, job["models"]):
        predictor = predict_from_raw_data.nnUNetPredictor(
            use_mirroring=job["mirroring"], device=torch.device("cpu"), allow_tqdm=False
        )
        predictor.initialize_from_trained_model_folder(str(model), None)
        predictors.append(predictor)

    def segment() -> Any:
        """Predict with each model, write its probabilities, average them, and read the label map."""
        array, properties = SimpleITKIO().read_images(job["images"])
        outputs = [output / f"model_{number}" for number in range(len(predictors))]
        for model, predictor, folder in zip(job["models"], predictors, outputs, strict=True):
            folder.mkdir(parents=True)
            for name in ("plans.json", "dataset.json"):
                shutil.copyfile(Path(model) / name, folder / name)
            with float32_accumulators() if way == FLOAT32_SUMS else nullcontext():
                predictor.predict_single_npy_array(array, properties, None, str(folder / "case"), True)
        ensemble_folders([str(each) for each in outputs], str(output / "mean"), False, 1)
        return array_of(sitk.ReadImage(next(map(str, (output / "mean").glob("case.*")))))

    return segment


def load_hnseg(job: dict[str, Any], way: str) -> Callable[[], Any]:
    """Load the models, and return what segments by them."""
    from hnseg.inference.loading import load_models
    from hnseg.inference.model.bundle_group import open_models
    from hnseg.inference.planning.deadline import Deadline
    from hnseg.inference.planning.effort import Effort
    from hnseg.inference.segmentation import segment_images
    from hnseg.inference.several import probability_sum
    from hnseg.provenance import Provenance

    if way.endswith("in a file"):
        probability_sum.free_ram_gib = lambda: 0.0
    models = load_models(
        open_models([Path(model) for model in job["models"]]),
        device="cpu",
        backend="openvino" if "openvino" in way else "torch",
    )
    images: Sequence[Path] = [Path(path) for path in job["images"]]
    effort = Effort(mirroring=job["mirroring"])
    return lambda: array_of(
        segment_images(models, images, Provenance(), deadline=Deadline.never(), effort=effort).label_map
    )


def _processor_s() -> float:
    """Return the processor time of this process, and of those that it started and that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


if __name__ == "__main__":
    sys.exit(main())
