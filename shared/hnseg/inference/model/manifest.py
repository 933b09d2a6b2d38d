"""Manifest of an exported bundle: name, origin and licence of the weights, and the checksum of every file.

An exported bundle is one folder: `plans.json` and `dataset.json` as nnU-Net wrote them, `fold_<k>.safetensors` with one
fold's state dict each (nnU-Net's own parameter names), `method.json` where the challenge's method has settings,
`postprocessing.json` where nnU-Net determined a postprocessing, `network.xml` and `network.bin` where the network was
converted for OpenVINO, `previous/` with the bundle of the first stage where the model is the second stage of a cascade,
and `manifest.json`, which holds this model. Where the networks are graphs, `fold_<k>.onnx` is there instead of the
weights.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from hnseg.inference.model.calibration import Calibration
from hnseg.inference.model.graph.check import graph_file
from hnseg.inference.model.graph.record import Graphs
from hnseg.inference.model.structure_range import StructureRange
from hnseg.records import Frozen

MANIFEST_FILE = "manifest.json"
PLANS_FILE = "plans.json"
DATASET_FILE = "dataset.json"
METHOD_FILE = "method.json"
POSTPROCESSING_FILE = "postprocessing.json"
PREVIOUS_FOLDER = "previous"
"""Folder of a cascade's first stage, in that of its second."""
GRAPH_FILES = ("network.xml", "network.bin")

Fold = int | Literal["all"]
"""Fold of the cross-validation by number, or nnU-Net's `all`: trained on every case."""


class Manifest(Frozen):
    """Content of `manifest.json`."""

    format: Literal["hnseg-bundle-1", "hnseg-bundle-2"] = "hnseg-bundle-1"
    """Layout of the folder; a later layout gets another name. The second has graphs instead of weights."""
    name: str = Field(min_length=1)
    """Name of the ensemble, such as hnts_mrg demo."""
    version: str = Field(min_length=1)
    """Version of the ensemble, in any form."""
    licence: str = Field(min_length=1)
    """Licence of the weights; an SPDX identifier where there is one."""
    training_data: str = Field(min_length=1)
    """Name of the data set it was trained on."""
    configuration: str = Field(min_length=1)
    """Configuration of `plans.json`, such as 3d_fullres."""
    mirroring_axes: tuple[int, ...]
    """Axes of the patch that may be flipped at test time (`inference_allowed_mirroring_axes`); empty for none."""
    folds: tuple[Fold, ...] = Field(min_length=1)
    metrics: dict[str, float] = Field(default_factory=dict)
    """Values measured, by what and on what, such as {"held-out DSCagg mean": 0.83}; empty when nothing was."""
    structures: dict[str, StructureRange] = Field(default_factory=dict)
    """Ranges of each structure's measures in the training data, by its name; empty where they were not taken."""
    calibration: Calibration | None = None
    """Temperatures of the classes; None where the model was not calibrated."""
    architecture: Graphs | None = None
    """Graphs of the folds; None where the plans describe the network."""
    sha256: dict[str, str]
    """Checksum, as 64 hexadecimal digits, of every other file of the bundle, by its path in the folder."""

    @model_validator(mode="after")
    def _files_are_listed(self) -> Manifest:
        wanted = {PLANS_FILE, DATASET_FILE, *map(self.file_of, self.folds)}
        if missing := sorted(wanted - self.sha256.keys()):
            raise ValueError(f"sha256 must list every file of the bundle, but {', '.join(missing)} is missing")
        return self

    @model_validator(mode="after")
    def _format_is_that_of_the_networks(self) -> Manifest:
        wanted = "hnseg-bundle-1" if self.architecture is None else "hnseg-bundle-2"
        if self.format != wanted:
            raise ValueError(
                f"format must be {wanted} where architecture is {'missing' if wanted[-1] == '1' else 'there'}"
            )
        return self

    def file_of(self, fold: Fold) -> str:
        """Return the name of the file with the weights of one fold."""
        return weights_file(fold) if self.architecture is None else graph_file(fold)

    def text(self) -> str:
        """Return the content of the file; without what is not there, as versions write it that know none of it."""
        absent = {name for name in ("structures", "calibration", "architecture") if not getattr(self, name)}
        return self.model_dump_json(indent=2, exclude=absent) + "\n"


def weights_file(fold: Fold) -> str:
    """Return the name of the file with the weights of one fold of an exported bundle."""
    return f"fold_{fold}.safetensors"
