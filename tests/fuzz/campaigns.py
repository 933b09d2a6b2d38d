"""Campaigns of hostile input against the real entry point: cases, model folders, and signals."""

from __future__ import annotations

import os
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import torch

from hnseg import entrypoint
from hnseg.errors import InputError
from hnseg.imaging.files.reading import read_volume
from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from hnseg.platform.challenge import Challenge, load_challenge
from hnseg.platform.exec import run_once
from hnseg.signals import unwind_on_signals
from tests.fuzz.forked import Ended, run_forked
from tests.fuzz.image_mutations import mutate_case
from tests.fuzz.independent_readers import voxels_of
from tests.support.model_mutations import mutate
from tests.support.small_case import files_below
from tests.support.small_challenges import SmallChallenge


@dataclass
class Counts:
    """Outcomes of a campaign.

    Attributes:
        outcomes: Number of inputs by their outcome.
        faults: What went wrong, a line each.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def add(self, outcome: str, what: str) -> None:
        """Count an input; an outcome that is none of the good ones is a fault."""
        good = outcome in ("accepted", "refused", "stopped")
        self.outcomes[outcome if good else "fault"] += 1
        if not good:
            self.faults.append(f"{what}: {outcome}")


Campaign = Callable[[Path, int], tuple[str, str]]
"""Function that tries the input of a seed in an empty folder, and returns the outcome and the input in words."""


def cases(challenge: SmallChallenge, model_dir: Path, work: Path) -> Campaign:
    """Return a campaign of changed cases of a challenge, with an ensemble that is loaded once."""
    good = work / f"good-{challenge.name}"
    challenge.write_case(good)
    segment = _segmenting(challenge, model_dir)

    def attempt(folder: Path, seed: int) -> tuple[str, str]:
        shutil.copytree(good, folder / "input")
        change = mutate_case(folder / "input", seed)
        ended = run_forked(lambda: segment(folder / "input", folder / "output"), folder / "log")
        outcome = _outcome(ended, folder / "output", challenge)
        return (_misread(folder) or outcome) if outcome in ("accepted", "refused") else outcome, change

    return attempt


def signals(challenge: SmallChallenge, model_dir: Path, work: Path) -> Campaign:
    """Return a campaign of SIGTERM at random moments of a good case."""
    good = work / "good-signals"
    challenge.write_case(good)
    segment = _segmenting(challenge, model_dir)

    def attempt(folder: Path, seed: int) -> tuple[str, str]:
        after_s = random.Random(seed).uniform(0, 0.6)
        work_of_child = lambda: segment(good, folder / "output")  # noqa: E731 (one place more to name)
        ended = run_forked(work_of_child, folder / "log", signal_after_s=after_s)
        if ended.status == 143 and "Traceback" not in ended.stderr:
            return "stopped" if _is_whole_or_absent(
                folder / "output", challenge
            ) else "half an output", f"{after_s:.3f} s"
        return _outcome(ended, folder / "output", challenge), f"{after_s:.3f} s"

    return attempt


def models(challenge: SmallChallenge, results: Path, work: Path) -> Campaign:
    """Return a campaign of changed model folders, each with a good case."""
    good = work / "good-models"
    challenge.write_case(good)

    def attempt(folder: Path, seed: int) -> tuple[str, str]:
        shutil.copytree(results, folder / "model")
        change = mutate(folder / "model", seed)
        program = _program(challenge, folder / "model")
        ended = run_forked(lambda: program(good, folder / "output"), folder / "log", limit_s=60)
        return _outcome(ended, folder / "output", challenge), change

    return attempt


def run_campaign(attempt: Campaign, seeds: range, work: Path, kept: Path, say: Callable[[int, Counts], None]) -> Counts:
    """Try every seed, keep the folders of those that went wrong, and return the counts."""
    counts = Counts()
    for number, seed in enumerate(seeds, 1):
        folder = work / "now"
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "output").mkdir(parents=True)
        outcome, what = attempt(folder, seed)
        faults = len(counts.faults)
        counts.add(outcome, f"seed {seed}, {what}")
        if len(counts.faults) > faults:
            shutil.rmtree(kept / str(seed), ignore_errors=True)
            kept.mkdir(parents=True, exist_ok=True)
            folder.rename(kept / str(seed))
        say(number, counts)
    return counts


def _segmenting(challenge: SmallChallenge, model_dir: Path) -> Callable[[Path, Path], int]:
    """Return what segments a case by the entry point, with an ensemble that is loaded now."""
    request_of = _request_of(challenge, model_dir)
    ensemble = load_ensemble(open_bundle(model_dir), device="cpu", backend="torch")
    torch.set_num_threads(1)
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)

    def segment(input_dir: Path, output_dir: Path) -> int:
        request = request_of(input_dir, output_dir)
        with unwind_on_signals():
            return run_once(lambda: entrypoint._segment(request, lambda: ensemble, started_s=time.monotonic()))

    return segment


def _program(challenge: SmallChallenge, model_dir: Path) -> Callable[[Path, Path], int]:
    """Return what runs the container's whole program on a case."""
    loaded = _challenge(challenge)

    def run(input_dir: Path, output_dir: Path) -> int:
        torch.set_num_threads(1)
        return entrypoint.run(loaded, _arguments(input_dir, output_dir, model_dir))

    return run


def _request_of(challenge: SmallChallenge, model_dir: Path) -> Callable[[Path, Path], entrypoint._Request]:
    loaded = _challenge(challenge)
    return lambda input_dir, output_dir: entrypoint._request(loaded, _arguments(input_dir, output_dir, model_dir))


def _challenge(challenge: SmallChallenge) -> Challenge:
    return load_challenge(challenge.container_dir)


def _arguments(input_dir: Path, output_dir: Path, model_dir: Path) -> list[str]:
    folders = {"--input": input_dir, "--output": output_dir, "--model": model_dir}
    words = [word for option, folder in folders.items() for word in (option, os.fspath(folder))]
    return [*words, "--device", "cpu", "--backend", "torch", "--limit-s", "9999"]


def _outcome(ended: Ended, output_dir: Path, challenge: SmallChallenge) -> str:
    """Return "accepted" or "refused", or the fault in words."""
    if ended.fault:
        return ended.fault
    found = files_below(output_dir)
    if ended.status == 0:
        return "accepted" if found == challenge.output_files else f"outputs {found}"
    if ended.status != 1:
        return f"status {ended.status}"
    return f"left behind {found}" if found else "refused"


def _is_whole_or_absent(output_dir: Path, challenge: SmallChallenge) -> bool:
    found = files_below(output_dir)
    if found and found != challenge.output_files:
        return False
    return all(_is_read(output_dir / name) for name in found if name.endswith(".mha"))


def _is_read(path: Path) -> bool:
    try:
        read_volume(path, title="output")
    except InputError:
        return False
    return True


def _misread(folder: Path) -> str:
    """Return what is wrong with an image of a case that is read, but not as its header and bytes say; or nothing."""
    for path in sorted((folder / "input").rglob("*")):
        if not path.is_file() or not path.name.lower().endswith((".mha", ".nii.gz", ".nrrd")):
            continue
        try:
            found = sitk.GetArrayFromImage(read_volume(path, title="image")).astype(np.float64)
        except (InputError, MemoryError):
            continue
        try:
            expected = voxels_of(path)
        except Exception as error:  # noqa: BLE001 (whatever stops the independent reader, the product has read it)
            return f"{path.name} is read, but {type(error).__name__}: {error}"
        if expected.shape != found.shape or not np.allclose(expected, found, rtol=1e-6):
            return f"{path.name} is read otherwise than its header says"
    return ""
