"""TorchIO as an oracle: its deterministic transforms, run by another Python, on the arrays of a test.

HNSEG_TEST_TORCHIO names Pythons that have TorchIO 0.20.4, 1.2.1 or both, separated by a colon.
"""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

VARIABLE = "HNSEG_TEST_TORCHIO"

PROGRAM = """
import json, sys, warnings
import numpy as np
warnings.simplefilter("ignore")
import torch, torchio
for line in sys.stdin:
    folder = line.strip()
    asked = json.load(open(folder + "/asked.json"))
    tensor = torch.from_numpy(np.load(folder + "/volume.npy"))[None]
    for index, (name, given) in enumerate(asked["transforms"]):
        arguments = {key: np.array(value) if isinstance(value, list) else value for key, value in given.items()}
        image = torchio.ScalarImage(tensor=tensor.clone(), affine=np.diag([*asked["spacing_xyz_mm"], 1]))
        np.save(f"{folder}/{index}.npy", getattr(torchio, name)(**arguments)(image).data[0].numpy())
    print(torchio.__version__, flush=True)
"""


NAMES = {
    "motion": "Motion",
    "ghosting": "Ghosting",
    "spike": "Spike",
    "bias": "BiasField",
    "noise": "Noise",
    "blur": "Blur",
}

ARGUMENTS = {
    "degrees_xyz": "degrees", "translations_xyz_mm": "translation", "times": "times",
    "axis": "axis", "ghosts": "num_ghosts", "intensity": "intensity", "restored": "restore",
    "positions_xyz": "spikes_positions", "order": "order", "coefficients": "coefficients",
    "standard_deviation": "std", "seed": "seed", "sigma_xyz_mm": "std",
}  # fmt: skip
"""Names of TorchIO's arguments, by ours."""

FURTHER = {"motion": {"image_interpolation": "linear"}, "noise": {"mean": 0.0}}


def as_torchio(parameters):
    """Return the name and the arguments of TorchIO's transform with the same parameters."""
    ours = parameters.model_dump()
    theirs = {ARGUMENTS[name]: value for name, value in ours.items() if name in ARGUMENTS}
    if "axis" in theirs:
        theirs["axis"] = "xyz".index(theirs["axis"])
    return NAMES[parameters.kind], theirs | FURTHER.get(parameters.kind, {})


def pythons_with_torchio():
    """Return the Pythons that have TorchIO."""
    return [path for path in os.environ.get(VARIABLE, "").split(os.pathsep) if path]


@dataclass(frozen=True)
class Answer:
    """Results of TorchIO, float32 (z, y, x), and its release, such as (0, 20, 4)."""

    arrays: list
    release: tuple

    @property
    def spike_reference(self):
        """Measure of the largest coefficient in this release."""
        return "modulus" if self.release >= (0, 21, 4) else "real"


class TorchioProcess:
    """Process with TorchIO, which takes seconds to import, for many volumes."""

    def __init__(self, python):
        self._process = subprocess.Popen(
            [python, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, volume_zyx, drawn, spacing_zyx_mm=(1.0, 1.0, 1.0)):
        """Return what TorchIO makes of a volume with each of some parameters."""
        with TemporaryDirectory() as folder:
            np.save(Path(folder, "volume.npy"), np.ascontiguousarray(volume_zyx.transpose()))
            asked = {"transforms": [*map(as_torchio, drawn)], "spacing_xyz_mm": spacing_zyx_mm[::-1]}
            Path(folder, "asked.json").write_text(json.dumps(asked))
            self._process.stdin.write(folder + "\n")
            self._process.stdin.flush()
            release = tuple(map(int, self._process.stdout.readline().split(".")))
            arrays = [np.load(Path(folder, f"{index}.npy")).transpose() for index in range(len(drawn))]
        return Answer(arrays, release)

    def end(self):
        """End the process."""
        self._process.communicate()
