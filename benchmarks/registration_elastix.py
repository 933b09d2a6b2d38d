"""Register MRs to CTs with itk-elastix and its default `rigid` map; `registration.py` starts it with another Python.

A line on stdin names two files, CT and MR, tab between. For each a JSON line a variant comes back: its name, seconds,
processor_s, and center and parameters of an Euler transform that maps CT points to MR points, or the error. It needs
itk-elastix and nothing of this project.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import itk

THREADS = 2
VARIANTS = {"itk-elastix, default rigid": "false", "itk-elastix, default rigid, centres aligned": "true"}


def main() -> int:
    """Run both variants on each pair of files."""
    itk.MultiThreaderBase.SetGlobalDefaultNumberOfThreads(THREADS)
    itk.ElastixRegistrationMethod  # noqa: B018 (itk loads its parts when they are first named; not on the clock)
    for line in sys.stdin:
        ct, mr = (itk.imread(path, itk.F) for path in line.rstrip("\n").split("\t"))
        for name, centred in VARIANTS.items():
            started = time.monotonic(), time.process_time()
            try:
                outcome = registered(ct, mr, centred)
            except RuntimeError as error:
                outcome = {"error": str(error).strip().splitlines()[-1]}
            took = {"seconds": time.monotonic() - started[0], "processor_s": time.process_time() - started[1]}
            print(json.dumps({"method": name, **outcome, **took}), flush=True)
    return 0


def registered(ct: Any, mr: Any, centred: str) -> dict[str, Any]:
    """Return centre and parameters of the transform that elastix finds."""
    parameters = itk.ParameterObject.New()
    rigid = parameters.GetDefaultParameterMap("rigid")
    rigid["AutomaticTransformInitialization"] = [centred]
    rigid["WriteResultImage"] = ["false"]
    parameters.AddParameterMap(rigid)
    method = itk.ElastixRegistrationMethod.New(ct, mr, parameter_object=parameters, log_to_console=False)
    method.SetNumberOfThreads(THREADS)
    method.UpdateLargestPossibleRegion()
    found = method.GetTransformParameterObject().GetParameterMap(0)
    return {
        "center": [float(value) for value in found["CenterOfRotationPoint"]],
        "parameters": [float(value) for value in found["TransformParameters"]],
    }


if __name__ == "__main__":
    sys.exit(main())
