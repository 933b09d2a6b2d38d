"""Model folders of the good cases, made by nnU-Net itself: one untrained fold each, without mirroring.

    python -m tests.fuzz.make_models FOLDER

Writes FOLDER/<challenge>/bundle, and the result folder that it was exported from as FOLDER/<challenge>/results. A
program of its own, so that those who run the inputs need not import nnU-Net.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from hnseg.imaging.files.checksum import sha256_of
from hnseg.inference.model.manifest import METHOD_FILE
from tests.fuzz.volumes import GoodCase, good_cases
from tests.support.nnunet_oracle import Wanted, write_bundle, write_results

_PATCH = (8, 16, 16)


def make(case: GoodCase, folder: Path) -> None:
    """Write both forms of a challenge's model."""
    made = write_results(Wanted(patch=_PATCH, **case.model), (0,), folder / "nnunet")
    bundle = write_bundle(made, folder / "bundle")
    (bundle / METHOD_FILE).write_text(json.dumps(case.settings))
    manifest = json.loads((bundle / "manifest.json").read_text()) | {"mirroring_axes": []}
    manifest["sha256"][METHOD_FILE] = sha256_of(bundle / METHOD_FILE)
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    results = folder / "results"
    (results / "fold_0").mkdir(parents=True)
    for name in ("plans.json", "dataset.json", "fold_0/checkpoint_final.pth"):
        shutil.copy(made / name, results / name)
    shutil.copy(bundle / METHOD_FILE, results / METHOD_FILE)
    shutil.rmtree(folder / "nnunet")


if __name__ == "__main__":
    for each in good_cases():
        make(each, Path(sys.argv[1]) / each.challenge)
