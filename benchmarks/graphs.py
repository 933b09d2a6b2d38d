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
from pathlib import Path

import numpy as np
import SimpleITK as sitk

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


def stock(options: argparse.Namespace, spacing_zyx_mm: tuple[float, ...]):
    """Return nnU-Net's prediction of an array, with float32 sums."""
    from unittest.mock import patch

    import torch
    from nnunetv2.inference import predict_from_raw_data

    class WithoutHalf:
        half = torch.float32

        def __getattr__(self, name: str) -> object:
            return getattr(torch, name)

    predictor = predict_from_raw_data.nnUNetPredictor(
        use_mirroring=False, perform_everything_on_device=False, device=torch.device("cpu"), allow_tqdm=False
    )
    predictor.initialize_from_trained_model_folder(str(options.results), None)

    def run(image: np.ndarray) -> np.ndarray:
        with patch.object(predict_from_raw_data, "torch", WithoutHalf()):
            return predictor.predict_single_npy_array(image, {"spacing": list(spacing_zyx_mm)})

    return run


def ours(options: argparse.Namespace, spacing_zyx_mm: tuple[float, ...]):
    """Return hnseg's prediction of an array by one library."""
    from hnseg.imaging.channels import Channels
    from hnseg.imaging.geometry import Grid
    from hnseg.inference.loading import load_ensemble
    from hnseg.inference.model.bundle import open_bundle
    from hnseg.inference.planning.effort import Effort
    from hnseg.inference.predictor import predict

    ensemble = load_ensemble(open_bundle(options.model), device="cpu", backend=options.way)

    def run(image: np.ndarray) -> np.ndarray:
        grid = Grid(tuple(options.size[::-1]), spacing_zyx_mm[::-1], (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
        result = predict(ensemble, Channels(image, grid), effort=Effort(mirroring=False))
        return sitk.GetArrayFromImage(result.label_map)

    return run


if __name__ == "__main__":
    main()
