"""Time of a click, and memory over many: a demo case and 512 x 512 x 200 voxels; a window beside the whole image.

    python benchmarks/clicks.py --folder build/clicks
    python benchmarks/clicks.py --folder build/clicks --model test_data/hn_uiseg/model --image large --backend torch

Without --model the networks are those of the HECKTOR demo with channels for clicks whose weights are from chance: as
quick as ones that were trained with clicks; without a click their labels are the demo's, which the comparison takes.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import torch
from safetensors.torch import load_file, save_file

from benchmarks.allocated_memory import read_memory, return_free_memory
from hnseg.imaging.files.checksum import sha256_of
from hnseg.imaging.geometry import Grid, array_of, resample_image
from hnseg.imaging.prompts.click import Click
from hnseg.imaging.prompts.encoding import PromptEncoding
from hnseg.inference.ensemble import Ensemble
from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.model.manifest import DATASET_FILE, MANIFEST_FILE, PLANS_FILE
from hnseg.inference.planning.effort import FULL_EFFORT
from hnseg.refinement.case_files import CaseImages, read_case_images
from hnseg.refinement.click_window import ClickWindow
from hnseg.refinement.guard import ClickPlace, Guard
from hnseg.refinement.network_image import NetworkImage
from hnseg.refinement.session import RefinementSession
from hnseg.refinement.window_networks import WindowNetworks

_DEMO = Path("test_data/hecktor")
_LARGE_XYZ = (512, 512, 200)
_TIMED = 10  # clicks
_READ_EVERY = 100  # clicks


def main() -> int:
    """Print a line an image, and one for each structure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="receives a model and images; replaced")
    parser.add_argument("--model", type=Path, help="a model of CT and PET with channels for clicks")
    parser.add_argument("--image", default="both", choices=("demo", "large", "both"))
    parser.add_argument("--clicks", type=int, default=500, help="over which memory is watched; all in other windows")
    parser.add_argument("--backend", default="auto", choices=("auto", "torch", "openvino"))
    given = parser.parse_args()
    shutil.rmtree(given.folder, ignore_errors=True)
    given.folder.mkdir(parents=True)
    bundle = open_bundle(given.model or write_model(given.folder / "model"))
    ensemble = load_ensemble(bundle, device="cpu", backend=given.backend)
    for name, paths in images(given.folder, given.image):
        case = read_case_images(bundle, paths)
        report(name, ensemble, case, given.clicks)
    return 0


def write_model(output: Path) -> Path:
    """Write the HECKTOR demo with channels for clicks, whose weights are from chance."""
    shutil.copytree(_DEMO / "model", output)
    encoding = PromptEncoding(structures=("GTVp", "GTVn"))
    dataset = json.loads((output / DATASET_FILE).read_text())
    for number, name in enumerate(encoding.channel_names, len(dataset["channel_names"])):
        dataset["channel_names"][str(number)] = name
    (output / DATASET_FILE).write_text(json.dumps(dataset | {"prompts": encoding.model_dump(mode="json")}))
    plans = json.loads((output / PLANS_FILE).read_text())
    configuration = plans["configurations"]["3d_fullres"]
    configuration["normalization_schemes"] += ["NoNormalization"] * 2
    configuration["use_mask_for_norm"] += [False] * 2
    (output / PLANS_FILE).write_text(json.dumps(plans))
    for path in output.glob("*.safetensors"):
        save_file({name: _widened(tensor, 2) for name, tensor in load_file(path).items()}, path)
    manifest = json.loads((output / MANIFEST_FILE).read_text())
    kept = {name for name in manifest["sha256"] if not name.startswith("network.")}
    manifest["sha256"] = {name: sha256_of(output / name) for name in sorted(kept)}
    (output / MANIFEST_FILE).write_text(json.dumps(manifest))
    return output


def images(folder: Path, which: str) -> Iterator[tuple[str, tuple[Path, Path]]]:
    """Yield the name and the files of CT and PET, of the demo case, of the same on a larger grid, or of both."""
    case = _DEMO / "case_000" / "input" / "images"
    (ct,), (pet,) = (sorted((case / slug).glob("*.mha")) for slug in ("ct", "pet"))
    image = sitk.ReadImage(str(ct))
    if which != "large":
        yield "demo case", (ct, pet)
    if which == "demo":
        return
    grid = Grid.of(image)
    x, y, z = (mm * old / new for mm, old, new in zip(grid.spacing_mm, grid.size_xyz, _LARGE_XYZ, strict=True))
    large = folder / "ct.mha"
    finer = replace(grid, size_xyz=_LARGE_XYZ, spacing_mm=(x, y, z))
    sitk.WriteImage(sitk.Cast(resample_image(image, finer, outside=-1024), sitk.sitkInt16), str(large))
    yield "512 x 512 x 200", (large, pet)


def report(name: str, ensemble: Ensemble, case: CaseImages, clicks: int) -> None:
    """Print the times of clicks on an image, the memory they take, and the agreement of a window with the whole."""
    shape = " x ".join(map(str, case.channels.grid.size_xyz))
    started_s = time.monotonic(), time.process_time()
    session = RefinementSession(ensemble, case.channels)
    whole_s = time.monotonic() - started_s[0], time.process_time() - started_s[1]
    print(f"{name}: {shape} voxels seen; start {whole_s[0]:.2f} s, {whole_s[1]:.2f} s of the processor")
    given = clicks_near(session, _TIMED)
    timed = [_timed(session, click) for click in given]
    for title, column in (("first label map", 0), ("final label map", 1)):
        clock, processor = zip(*(each[column] for each in timed), strict=True)
        print(f"  {title}: {statistics.median(clock):.3f} s, {statistics.median(processor):.3f} s of the processor")
    watch_memory(session, clicks_apart(NetworkImage.of(ensemble.bundle, case.channels), clicks))
    for structure, dice in agreement(ensemble, case, given).items():
        print(f"  {structure}: DSC {dice:.4f} of window and whole image inside {Guard().reach_mm:g} mm of a click")


def clicks_near(session: RefinementSession, count: int) -> list[Click]:
    """Return clicks of both structures and signs at voxels of a label map's structures, the same each time."""
    grid, rng = Grid.of(session.label_map), np.random.default_rng(0)
    labels = array_of(session.label_map)
    voxels = np.argwhere(labels)[:, ::-1].astype(float)
    places = voxels[rng.integers(len(voxels), size=count)] + rng.integers(-3, 4, size=(count, 3))
    inside = np.clip(places, 0.0, np.array(grid.size_xyz) - 1.0)
    return [
        Click(("GTVp", "GTVn")[rng.integers(2)], bool(rng.integers(2)), (x, y, z))
        for x, y, z in grid.points_mm(inside).tolist()
    ]


def clicks_apart(image: NetworkImage, count: int) -> list[Click]:
    """Return clicks anywhere in an image, the same each time: none at another's voxel of the network's grid.

    As far as there are as many, no two have the same window.
    """
    grid, rng = image.target.placement.grid, np.random.default_rng(1)
    found: dict[tuple[float, ...], tuple[Click, str]] = {}
    for index_xyz in rng.uniform(0, np.array(grid.size_xyz) - 1, size=(200 * count, 3)):
        x, y, z = grid.points_mm(index_xyz[None])[0].tolist()
        click = Click(("GTVp", "GTVn")[rng.integers(2)], bool(rng.integers(2)), (x, y, z))
        voxel = image.voxel_click(click).index_zyx
        found.setdefault(voxel, (click, str(ClickWindow.around(image, voxel).box)))
    first_of_window = {window: click for click, window in reversed(found.values())}
    others = [click for click, window in found.values() if first_of_window[window] is not click]
    chosen = [*reversed(first_of_window.values()), *others][:count]
    windows = min(count, len(first_of_window))
    print(f"  {len(chosen)} clicks at as many voxels of the network's grid, in {windows} windows")
    return chosen


def watch_memory(session: RefinementSession, clicks: list[Click]) -> None:
    """Give a session clicks, and print the memory of this process on the way and at the end."""
    print(f"  memory before: {read_memory()}")
    for number, click in enumerate(clicks, start=1):
        session.add(click)
        if number in {_READ_EVERY // 10, _READ_EVERY // 2} or number % _READ_EVERY == 0:
            print(f"  after {number} clicks: {read_memory()}", flush=True)
    kept = sum(change.voxels for change in session.changes)
    return_free_memory()
    print(f"  once the allocator returned what it held free: {read_memory()}; {kept} voxels were changed")


def agreement(ensemble: Ensemble, case: CaseImages, clicks: list[Click]) -> dict[str, float]:
    """Return the Dice of each structure, of windows without clicks and of the whole image, near some points."""
    image = NetworkImage.of(ensemble.bundle, case.channels)
    placement = image.target.placement
    networks = WindowNetworks.of(ensemble, placement, FULL_EFFORT)
    labels = array_of(RefinementSession(ensemble, case.channels).label_map)
    whole = image.target.planes_in(labels)
    shared, summed = np.zeros(3), np.zeros(3)
    for click in clicks:
        window = ClickWindow.around(image, placement.network_index(click.point_mm))
        found = window.labels(networks.logits(window.tile(()), range(networks.folds)))
        place = ClickPlace(image.frame_index(click.point_mm), placement.image_mm, (1.0,) * 3)
        near = place.within(window.part.slices, (Guard().reach_mm,) * 3)
        for value in (1, 2):
            of_window, of_whole = (each[near] == value for each in (found, whole[window.part.slices]))
            shared[value] += (of_window & of_whole).sum()
            summed[value] += of_window.sum() + of_whole.sum()
    return {name: 2 * shared[value] / summed[value] for value, name in ((1, "GTVp"), (2, "GTVn"))}


def _timed(session: RefinementSession, click: Click) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the seconds, and those of the processor, to the first and to the final label map of a click."""
    first: list[tuple[float, float]] = []
    started_s = time.monotonic(), time.process_time()
    session.add(click, lambda _: first.append((time.monotonic(), time.process_time())))
    ended_s = time.monotonic(), time.process_time()
    (clock, processor), (end, of_processor) = first[0], ended_s
    return (clock - started_s[0], processor - started_s[1]), (end - started_s[0], of_processor - started_s[1])


def _widened(tensor: torch.Tensor, count: int) -> torch.Tensor:
    """Return the weights of the first convolution with more input channels, of weights alike; others as they are."""
    if tensor.ndim != 5 or tensor.shape[1] != 2:
        return tensor
    chance = torch.Generator().manual_seed(0)
    more = torch.randn((len(tensor), count, *tensor.shape[2:]), generator=chance) * tensor.std()
    return torch.cat([tensor, more], dim=1)


if __name__ == "__main__":
    sys.exit(main())
