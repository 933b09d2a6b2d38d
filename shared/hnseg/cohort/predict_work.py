"""Work of a model alone on an image: the label map that `hnseg predict` writes, with the ensemble loaded once."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hnseg.cohort.case import CohortCase
from hnseg.cohort.finding.channel_images import keys_of
from hnseg.cohort.label_map_file import write_label_map
from hnseg.cohort.output_facts import facts_of_output
from hnseg.cohort.state.store import REPORT_FOLDER
from hnseg.cohort.work import Facts, Work, WorkReference
from hnseg.imaging.files.formats import WRITTEN
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.planning.effort import Effort
from hnseg.options import BackendName, CheckpointName, Device, Precision, Skip
from hnseg.provenance import Provenance

if TYPE_CHECKING:
    from hnseg.inference.ensemble import Ensemble
    from hnseg.inference.model.bundle import Bundle
    from hnseg.inference.model.manifest import Fold
    from hnseg.inference.model.nnunet_plans import Dataset

_SUFFIX = ".nii.gz"


def predict_work(  # noqa: PLR0913 (the options of `hnseg predict`)
    bundle: Bundle,
    *,
    step: float = 0.5,
    mirroring: bool = True,
    device: Device = "auto",
    precision: Precision = "exact",
    backend: BackendName = "auto",
    skip: Skip = "none",
    limit_s: float = math.inf,
    vram_gib: float = math.inf,
) -> WorkReference:
    """Describe the work of a model, such as `hnseg predict` does it.

    A case's images are named by `hnseg.cohort.finding.channel_images.keys_of` its channels. Its output is
    `<case>.nii.gz`, or of another suffix where the model's `dataset.json` names one that is written.

    Args:
        bundle: Model folder, opened, with the folds and the checkpoint to use.
        step: Distance between tiles, in patches.
        mirroring: Whether mirrored copies are used.
        device: Processor of the networks.
        precision: Precision of the networks' arithmetic.
        backend: Library that runs the networks.
        skip: Tiles that the networks need not predict.
        limit_s: Seconds that a case may take; infinite for no limit.
        vram_gib: Memory of the GPU that a process may have; infinite for all.
    """
    suffix = bundle.dataset.file_ending if bundle.dataset.file_ending in WRITTEN else _SUFFIX
    options = {
        "step": step,
        "mirroring": mirroring,
        "device": device,
        "precision": precision,
        "backend": backend,
        "skip": skip,
        "limit_s": limit_s if math.isfinite(limit_s) else None,
        "suffix": suffix,
    }
    return WorkReference(
        loader=f"{__name__}:load",
        parameters={
            "model_dir": str(bundle.folder.absolute()),
            "folds": list(bundle.folds),
            "checkpoint": bundle.checkpoint,
            "vram_gib": vram_gib if math.isfinite(vram_gib) else None,
            **options,
        },
        identity={"model_sha256": dict(bundle.sha256), **options},
    )


def load(  # noqa: PLR0913 (as above)
    *,
    model_dir: str,
    folds: Sequence[Fold],
    checkpoint: CheckpointName,
    vram_gib: float | None,
    device: Device,
    precision: Precision,
    backend: BackendName,
    **options: Any,
) -> Work:
    """Load the ensemble, once for all cases; the parameters are those that `predict_work` gives.

    Raises:
        InputError: The device or backend can't be used.
        ModelError: The model folder can't be used.
    """
    from hnseg.inference.loading import load_ensemble
    from hnseg.inference.model.bundle import open_bundle

    ensemble = load_ensemble(
        open_bundle(Path(model_dir), folds=folds, checkpoint=checkpoint),
        device=device,
        vram_gib=math.inf if vram_gib is None else vram_gib,
        precision=precision,
        backend=backend,
    )
    return _work(ensemble, **options)


def _work(
    ensemble: Ensemble, *, step: float, mirroring: bool, skip: Skip, limit_s: float | None, suffix: str
) -> _PredictWork:
    limit = math.inf if limit_s is None else limit_s
    return _PredictWork(ensemble, Effort(step=step, mirroring=mirroring, skip=skip), limit, suffix)


@dataclass(frozen=True)
class _PredictWork:
    """Work with what it keeps between cases; `suffix` is that of the label maps."""

    ensemble: Ensemble
    effort: Effort
    limit_s: float
    suffix: str

    def __call__(self, case: CohortCase, folder: Path) -> Facts:
        """Write the label map of a case, whose time begins now, and return its provenance."""
        from hnseg.inference.segmentation import segment_images

        started_s = time.monotonic()
        provenance = Provenance(started_s)
        provenance.record(limit_s=self.limit_s if math.isfinite(self.limit_s) else None)
        keys = keys_of(self.ensemble.bundle.image_channels)
        predicted = segment_images(
            self.ensemble,
            [case.inputs.images[key] for key in keys],
            provenance,
            deadline=Deadline(self.limit_s, started_s),
            effort=self.effort,
        )
        path = folder / f"{case.name}{self.suffix}"
        with provenance.step("write"):
            write_label_map(predicted.label_map, path)
        del predicted  # its label map is read back below
        return facts_of_output(
            case.inputs.images[keys[0]],
            path,
            labels_of(self.ensemble.bundle.dataset),
            folder / REPORT_FOLDER,
            facts={"provenance": json.loads(provenance.as_json())},
            expected=self.ensemble.bundle.structures,
        )


def labels_of(dataset: Dataset) -> dict[int, str]:
    """Return the values of a model's label maps, without the background's, with their names."""
    named = zip(dataset.output_values, dataset.output_names, strict=True)
    return {value: name for value, name in named if value != 0}
