"""The ways to register that `registration.py` compares: ours, SimpleITK from a single start, itk-elastix."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from registration_pairs import Pair

from hnseg.imaging.registration import HOUNSFIELD, RegistrationSettings, register_rigid

OURS, SINGLE_START = "hnseg", "SimpleITK, single start"
ELASTIX = ("itk-elastix, default rigid", "itk-elastix, default rigid, centres aligned")
THREADS = 2  # for the others; hnseg uses one


@dataclass(frozen=True)
class Outcome:
    """What a method made of a pair.

    Attributes:
        method: Its name.
        transform: CT points to MR points; None where it ended in an error.
        seconds: On the clock.
        processor_s: On the processor, of all threads.
        status: What was found, in words, or the error.
        objection: Why our own gate refused it; empty for the others.
    """

    method: str
    transform: sitk.Euler3DTransform | None
    seconds: float
    processor_s: float
    status: str = ""
    objection: str = ""


def ours(pair: Pair) -> Outcome:
    """Return what the project's own registration finds, whether its gate accepts it or not."""
    started = time.monotonic(), time.process_time()
    found = register_rigid(fixed=pair.ct, moving=pair.mr, settings=RegistrationSettings(fixed=HOUNSFIELD))
    transform = None if found.report.quality is None else found.transform
    return Outcome(OURS, transform, *_since(*started), found.in_words(), found.report.reason)


def single_start(pair: Pair) -> Outcome:
    """Register as SimpleITK's notebook on CT and T1 MR does (60, Registration Introduction).

    CT fixed, centres of the images aligned, Mattes' mutual information of 50 bins, gradient descent, levels 4, 2 and 1.
    Of a small CT more than the notebook's 1 % of the voxels is sampled.
    """
    started = time.monotonic(), time.process_time()
    fixed, moving = (sitk.Cast(image, sitk.sitkFloat32) for image in (pair.ct, pair.mr))
    start = sitk.CenteredTransformInitializer(
        fixed, moving, sitk.Euler3DTransform(), sitk.CenteredTransformInitializerFilter.GEOMETRY
    )
    method = sitk.ImageRegistrationMethod()
    method.SetNumberOfThreads(THREADS)
    method.SetMetricAsMattesMutualInformation(numberOfHistogramBins=50)
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentage(min(1.0, max(0.01, 200_000 / fixed.GetNumberOfPixels())), 42)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsGradientDescent(
        learningRate=1.0, numberOfIterations=100, convergenceMinimumValue=1e-6, convergenceWindowSize=10
    )
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel([4, 2, 1])
    method.SetSmoothingSigmasPerLevel([2, 1, 0])
    method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    result = sitk.Euler3DTransform(start)
    method.SetInitialTransform(result, inPlace=True)
    try:
        method.Execute(fixed, moving)
    except RuntimeError as error:
        return Outcome(SINGLE_START, None, *_since(*started), str(error).strip().splitlines()[-1])
    return Outcome(SINGLE_START, result, *_since(*started))


class Elastix:
    """itk-elastix in a process of its own, started again whenever a pair takes it down."""

    def __init__(self, python: Path) -> None:
        self._command = [str(python), str(Path(__file__).with_name("registration_elastix.py"))]
        self._process: subprocess.Popen[str] | None = None

    def outcomes(self, pair: Pair) -> Iterator[Outcome]:
        """Yield what the default map finds as it is, and what it finds from aligned centres."""
        process = self._started()
        with tempfile.TemporaryDirectory() as folder:
            files = [str(Path(folder) / name) for name in ("ct.mha", "mr.mha")]
            for image, file in zip((pair.ct, pair.mr), files, strict=True):
                sitk.WriteImage(sitk.Cast(image, sitk.sitkFloat32), file)
            process.stdin.write("\t".join(files) + "\n")
            process.stdin.flush()
            for name in ELASTIX:
                line = process.stdout.readline()
                yield _read(json.loads(line)) if line else Outcome(name, None, 0.0, 0.0, "the process died")

    def _started(self) -> Any:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
        return self._process


def _read(found: dict[str, Any]) -> Outcome:
    took = found["method"], found["seconds"], found["processor_s"]
    if "error" in found:
        return Outcome(took[0], None, *took[1:], found["error"])
    transform = sitk.Euler3DTransform()
    transform.SetCenter(found["center"])
    transform.SetParameters(np.array(found["parameters"]).tolist())
    return Outcome(took[0], transform, *took[1:])


def _since(clock_s: float, processor_s: float) -> tuple[float, float]:
    return time.monotonic() - clock_s, time.process_time() - processor_s
