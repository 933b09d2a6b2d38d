"""Case of HN-UISeg small enough to run in seconds: HECKTOR's small PET/CT, and clicks on it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from containers.hn_uiseg.spec import CLICKS, CT, PET, SPEC
from hnseg.imaging.geometry import Grid
from hnseg.imaging.prompts.click import Click
from hnseg.imaging.prompts.encoding import PromptEncoding
from hnseg.platform.case import Case
from tests.support import small_hecktor
from tests.support.small_han_seg import write

OUTPUT_FILE, ENTROPY_FILE = (f"{socket.relative_path}/output.mha" for socket in SPEC.image_outputs)
CLICKS_FILE = "lesion-clicks.json"
ENCODING = PromptEncoding(structures=("GTVp", "GTVn"), radius_mm=9.0)
MODEL = {
    **small_hecktor.MODEL,
    "channel_names": ["CT", "noNorm", *ENCODING.channel_names],
    "prompts": ENCODING.model_dump(mode="json"),
}
"""Arguments of `make_model` for a model that the container takes."""
POINTS: list[dict[str, Any]] = [
    {"name": "tumor", "point": [24, 21, 27]},
    {"name": "background", "point": [10, 10, 10]},
    {"name": "GTVn", "point": [17, 24, 20]},
    {"name": "not GTVp", "point": [30, 30, 30]},
]


def clicks_of(*points: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return the value of a file of clicks."""
    return {"points": list(points), "type": "Multiple points", "version": {"major": 1, "minor": 0}, **more}


def write_clicks(path: Path, clicks: Sequence[Click], grid: Grid) -> Path:
    """Write clicks by their structures' names and voxel indices (x, y, z) of an image, and return the path."""
    points = [
        {"name": click.in_words, "point": grid.index_xyz(np.array([click.point_mm]))[0].tolist()} for click in clicks
    ]
    path.write_text(json.dumps(clicks_of(*points)))
    return path


def write_small_case(input_dir: Path, *, seed: int = 0) -> Path:
    """Write every socket and return the input folder."""
    write(small_hecktor.small_ct(seed=seed), input_dir / small_hecktor.CT_FOLDER / small_hecktor.CT_FILE)
    write(small_hecktor.small_pet(seed=seed), input_dir / small_hecktor.PET_FOLDER / small_hecktor.PET_FILE)
    (input_dir / CLICKS_FILE).write_text(json.dumps(clicks_of(*POINTS)))
    return input_dir


def write_reference(_input_dir: Path, expected_dir: Path) -> None:
    """Write a label map on the CT's grid with a tumour and a node as boxes."""
    write(small_hecktor.reference_of_small_case(), expected_dir / OUTPUT_FILE)


def case_of(
    ct: sitk.Image | None = None, pet: sitk.Image | None = None, *, clicks: Any = None, **left_out: str
) -> Case:
    """Return a case of a CT, the small one by default, perhaps a PET, and the value of a file of clicks."""
    ct = ct if ct is not None else small_hecktor.small_ct()
    images = {CT: ct} if pet is None else {CT: ct, PET: pet}
    values = {} if clicks is None else {CLICKS: clicks}
    files = {CT: Path("ct.mha"), PET: Path("pet.mha")}
    return Case(images=images, reference=ct, files=files, left_out=left_out, values=values)
