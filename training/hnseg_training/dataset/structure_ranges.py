"""Ranges of the structures of a data set: volume, pieces and position, measured on its label maps."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from hnseg.errors import InputError
from hnseg.imaging.files.reading import read_volume
from hnseg.imaging.structures import StructureMeasures, measure_structures
from hnseg.inference.model.structure_range import StructureRange
from hnseg_training.dataset.raw_dataset import FILE_ENDING, ignore_label
from hnseg_training.dataset.work_folder import WorkFolder, read_json
from hnseg_training.workers import each

logger = logging.getLogger(__name__)


def structure_ranges(work: WorkFolder, *, workers: int) -> dict[str, StructureRange]:
    """Return the ranges of each structure's measures over all samples of a converted data set, by its name.

    The body is that of the first channel. Where the samples are no longer at hand, or one of them can't be read, there
    are no ranges, which a line of the log says.

    Args:
        work: Work folder with the raw data set.
        workers: Number of processes that read samples.

    Raises:
        InputError: `dataset.json` is missing or is none.
    """
    label_maps, labels = sorted((work.raw / "labelsTr").glob(f"*{FILE_ENDING}")), _labels(work)
    if not label_maps or not labels:
        missing = "label maps" if labels else "labels of one value"
        logger.info("no ranges of the structures are in the manifest: there are no %s in %s", missing, work.raw)
        return {}
    measure = partial(_measured, labels=labels)
    try:
        samples = list(each(measure, label_maps, workers=workers, title="measuring structures"))
    except InputError as error:
        logger.warning("No ranges of the structures are in the manifest. %s", error)
        return {}
    return {name: StructureRange.of([sample[name] for sample in samples]) for name in samples[0]}


def _labels(work: WorkFolder) -> Mapping[int, str]:
    """Return the name of each structure by its label, from `dataset.json`; regions of several labels are left out."""
    labels = read_json(work.raw / "dataset.json", having=["labels"])["labels"]
    return {value: name for name, value in labels.items() if isinstance(value, int) and value and name != "ignore"}


def _measured(label_map: Path, *, labels: Mapping[int, str]) -> dict[str, StructureMeasures]:
    """Return the measures of one sample's structures."""
    image = label_map.parent.with_name("imagesTr") / label_map.name.replace(FILE_ENDING, f"_0000{FILE_ENDING}")
    allowed = {**labels, ignore_label(labels): "ignore"}
    return measure_structures(
        read_volume(label_map, title="label map", labels=allowed),
        labels,
        scan=read_volume(image, title="first channel"),
    )
