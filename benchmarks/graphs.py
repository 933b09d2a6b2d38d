"""Networks that are graphs beside nnU-Net's own predictor: processor time, memory and equal voxels of one image.

    python benchmarks/graphs.py --results path/to/nnUNet_Primus_S_Trainer__nnUNetPlans__3d_fullres --model bundle

`bundle` is what `hnseg-train export --results ... --trainer ...` made of the result folder. Each way runs in a process
of its own, on smooth noise at the network's spacing, without mirroring; nnU-Net sums over tiles in float32. Processor
time counts from the loaded networks to the label map, and so says little about how well threads share the work.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import Grid, array_of

WAYS = ("stock nnU-Net", "onnxruntime", "openvino")


def main() -> None:
    """Print a table, a row a way."""
    options = parsed()
    if options.way:
        measure(options)
        return
    print("| way | processor (s) | peak memory (GiB) | the network's own (GiB) | equal voxels (%) |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        expected = None
        for number, way in enumerate(WAYS):
            output = Path(folder) / f"{number}.npy"
            words = [sys.executable, __file__, *sys.argv[1:], "--way", way, "--output", str(output)]
            done = subprocess.run(words, capture_output=True, text=True, check=True)
            figures = json.loads(done.stdout.strip().splitlines()[-1])
            found = np.load(output)
            expected = found if expected is None else expected
            equal = 100 * float((found == expected).mean())
            print(
                f"| {way} | {figures['processor_s']:.1f} | {figures['peak_gib']:.2f} | {figures['taken_gib']:.2f} |"
                f" {equal:.4f} |",
                flush=True,
            )


def parsed() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, required=True, help="nnU-Net's result folder")
    parser.add_argument("--model", type=Path, required=True, help="the bundle that was exported from it")
    parser.add_argument("--size", type=int, nargs=3, default=(64, 64, 64), help="of the image in voxels, z y x")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--output", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def measure(options: argparse.Namespace) -> None:
    """Predict in one way, write the label map, and print figures as JSON."""
    from hnseg.inference.model.bundle import open_bundle
    from hnseg.machine import forget_peak, peak_gib

    bundle = open_bundle(options.model)
    image = noise(len(bundle.channels), options.size)
    spacing_zyx_mm = bundle.configuration.spacing
    run = stock(options, spacing_zyx_mm) if options.way == WAYS[0] else ours(options, spacing_zyx_mm)
    forget_peak()
    loaded_gib, started_s = peak_gib(), time.process_time()
    labels = run(image)
    processor_s = time.process_time() - started_s
    np.save(options.output, labels)
    print(json.dumps({"processor_s": processor_s, "peak_gib": peak_gib(), "taken_gib": peak_gib() - loaded_gib}))


def noise(channels: int, size: tuple[int, int, int]) -> np.ndarray:
    """Return smooth noise (c, z, y, x)."""
    drawn = np.random.default_rng(0).normal(size=(channels, *size)).astype(np.float32)
    smooth = (sitk.SmoothingRecursiveGaussian(sitk.GetImageFromArray(each), 1.5) for each in drawn)
    return 1200 * np.stack([sitk.GetArrayFromImage(each) for each in smooth]) + 50


def stock(options: argparse.Namespace, spacing_zyx_mm: tuple[float, ...]) -> Callable[[np.ndarray], np.ndarray]:
    """Return nnU-Net's prediction of an array, with float32 sums."""
    import torch
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

    predictor = nnUNetPredictor(
        use_mirroring=False, perform_everything_on_device=False, device=torch.device("cpu"), allow_tqdm=False
    )
    predictor.initialize_from_trained_model_folder(str(options.results), None)
    return partial(_by_stock, predictor, {"spacing": list(spacing_zyx_mm)})


def _by_stock(predictor: Any, properties: dict[str, list[float]], image: np.ndarray) -> np.ndarray:
    from tests.support.nnunet_oracle import float32_accumulators

    with float32_accumulators():
        labels: np.ndarray = predictor.predict_single_npy_array(image, properties)
    return labels


def ours(options: argparse.Namespace, spacing_zyx_mm: tuple[float, ...]) -> Callable[[np.ndarray], np.ndarray]:
    """Return hnseg's prediction of an array by one library."""
    from hnseg.inference.loading import load_ensemble
    from hnseg.inference.model.bundle import open_bundle

    ensemble = load_ensemble(open_bundle(options.model), device="cpu", backend=options.way)
    size_xyz, spacing_mm = tuple(options.size[::-1]), spacing_zyx_mm[::-1]
    return partial(_by_hnseg, ensemble, Grid(size_xyz, spacing_mm, (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1)))


def _by_hnseg(ensemble: Any, grid: Grid, image: np.ndarray) -> np.ndarray:
    from hnseg.inference.planning.effort import Effort
    from hnseg.inference.predictor import predict

    return array_of(predict(ensemble, Channels(image, grid), effort=Effort(mirroring=False)).label_map)


if __name__ == "__main__":
    main()
