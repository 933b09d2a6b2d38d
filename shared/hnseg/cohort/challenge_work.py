"""Work of a challenge on a case: the outputs that its container would leave, with the ensemble loaded once."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hnseg.cohort.case import CohortCase
from hnseg.cohort.output_facts import facts_of_output
from hnseg.cohort.state.store import REPORT_FOLDER
from hnseg.cohort.work import Facts, Work, WorkReference
from hnseg.errors import InputError
from hnseg.inference.further.asked import NO_FURTHER, NO_UNCERTAINTY, FurtherMembers
from hnseg.inference.labelling.uncertainty_files import ENTROPY
from hnseg.inference.model.manifest import METHOD_FILE
from hnseg.inference.planning.deadline import Deadline
from hnseg.options import BackendName, CheckpointName, Device, Precision, Skip
from hnseg.platform.challenge import Challenge, load_challenge, settings_in
from hnseg.platform.writing import FILE_NAME
from hnseg.provenance import Provenance
from hnseg.rule.model import RuleModel, open_model
from hnseg.rule.run import check_no_uncertainty
from hnseg.timed_run import run_in_time

if TYPE_CHECKING:
    from hnseg.inference.ensemble import Predictor
    from hnseg.inference.model.bundle_group import Model
    from hnseg.inference.model.structure_range import StructureRange

UNCERTAINTY_FOLDER = "uncertainty"
"""Folder of a case's uncertainty, beside the outputs."""
_NO_SETTINGS: Mapping[str, Any] = {}


def challenge_work(  # noqa: PLR0913 (the options of a run)
    container_dir: Path,
    bundle: Model | RuleModel,
    *,
    edition: str = "",
    device: Device = "auto",
    precision: Precision = "exact",
    backend: BackendName = "auto",
    skip: Skip = "none",
    limit_s: float | None = None,
    uncertainty: bool = False,
    further: FurtherMembers = NO_FURTHER,
    settings_override: Mapping[str, Any] = _NO_SETTINGS,
) -> WorkReference:
    """Describe the work of a challenge, such as `hnseg run` does it.

    Args:
        container_dir: Folder of the challenge.
        bundle: Model folder or several, opened; of all folds that are there, or of a rule.
        edition: Edition of the challenge; empty for its latest.
        device: Processor of the networks.
        precision: Precision of the networks' arithmetic.
        backend: Library that runs the networks.
        skip: Tiles that the networks need not predict.
        limit_s: Seconds a case may take; None for the challenge's limit, infinite for none.
        uncertainty: Whether the ensemble's uncertainty is written to the folder `uncertainty` beside the outputs.
        further: Members that it has beyond the folds.
        settings_override: Settings of the method that replace those the model was trained with.

    Raises:
        InputError: There is no such challenge or edition, or an uncertainty is asked for of a rule, which has none, or
            of several models.
        ModelError: The model was made for another challenge.
    """
    challenge = load_challenge(container_dir, edition)
    spec = challenge.spec
    merged = {**bundle.settings, **settings_override}
    settings = settings_in(challenge.method, merged, bundle.folder / METHOD_FILE)
    _check_uncertainty(bundle, is_asked=uncertainty)
    seconds = spec.limits.time_s if limit_s is None else limit_s
    options = {
        "device": device,
        "precision": precision,
        "backend": backend,
        "skip": skip,
        "limit_s": seconds if math.isfinite(seconds) else None,
        "uncertainty": uncertainty,
        **{kind: count for kind, count in asdict(further).items() if count},
    }
    return WorkReference(
        loader=f"{__name__}:load",
        parameters={
            "container_dir": str(container_dir.absolute()),
            "model_dirs": [str(folder.absolute()) for folder in bundle.sources],
            "checkpoint": "auto" if isinstance(bundle, RuleModel) else bundle.checkpoint,
            "edition": edition,
            "settings_override": dict(settings_override),
            **options,
        },
        identity={
            "challenge": spec.name,
            "output": spec.output.model_dump(mode="json"),
            "answers": [socket.slug for socket in spec.answers],
            **({"maps": [socket.model_dump(mode="json") for socket in spec.maps]} if spec.maps else {}),
            "model_sha256": dict(bundle.sha256),
            "settings": settings.model_dump(mode="json"),
            **options,
        },
    )


def _check_uncertainty(model: Model | RuleModel, *, is_asked: bool) -> None:
    """Refuse an uncertainty of a rule, and of several models.

    Raises:
        InputError: One was asked for.
    """
    if isinstance(model, RuleModel):
        check_no_uncertainty(is_asked=is_asked)
    elif is_asked and len(model.bundles) > 1:
        raise InputError(NO_UNCERTAINTY)


def load(  # noqa: PLR0913 (as above)
    *,
    container_dir: str,
    model_dirs: Sequence[str],
    checkpoint: CheckpointName,
    edition: str,
    settings_override: Mapping[str, Any],
    device: Device,
    precision: Precision,
    backend: BackendName,
    skip: Skip,
    limit_s: float | None,
    uncertainty: bool,
    dropout: int = 0,
    tta: int = 0,
) -> Work:
    """Load the challenge and its ensemble, once for all cases; the parameters are those that `challenge_work` gives.

    Raises:
        InputError: There is no such challenge or edition, or the device or backend can't be used.
        ModelError: The model folder can't be used.
    """
    challenge = load_challenge(Path(container_dir), edition)
    model = open_model(
        [Path(folder) for folder in model_dirs], challenge.method, override=settings_override, checkpoint=checkpoint
    )
    further = FurtherMembers(dropout, tta)
    if isinstance(model, RuleModel):
        return _ChallengeWork(challenge, model, skip, limit_s, uncertainty, further)
    from hnseg.inference.loading import load_models

    ensemble = load_models(
        model,
        device=device,
        vram_gib=challenge.spec.limits.vram_gib,
        precision=precision,
        backend=backend,
    )
    return _ChallengeWork(challenge, ensemble, skip, limit_s, uncertainty, further)


@dataclass(frozen=True)
class _ChallengeWork:
    """Work with what it keeps between cases; `limit_s` is None for no limit."""

    challenge: Challenge
    model: Predictor | RuleModel
    skip: Skip
    limit_s: float | None
    uncertainty: bool
    further: FurtherMembers

    def __call__(self, case: CohortCase, folder: Path) -> Facts:
        """Run a case, whose time begins now; return its provenance, as the container's log has it, and more facts."""
        started_s = time.monotonic()
        provenance = Provenance(started_s)
        provenance.record(challenge=self.challenge.spec.name, limit_s=self.limit_s)
        run_in_time(
            self.challenge,
            lambda: self.model,
            inputs=case.inputs,
            output_dir=folder,
            deadline=Deadline(math.inf if self.limit_s is None else self.limit_s, started_s),
            skip=self.skip,
            provenance=provenance,
            uncertainty_dir=folder / UNCERTAINTY_FOLDER if self.uncertainty else None,
            further=self.further,
        )
        return self._facts(case, folder, provenance)

    def _facts(self, case: CohortCase, folder: Path, provenance: Provenance) -> Facts:
        """Measure and draw what was written; the case's time does not count that."""
        spec = self.challenge.spec
        return facts_of_output(
            case.inputs.images[spec.output.on_grid_of],
            folder / spec.output.relative_path / FILE_NAME,
            spec.output.labels,
            folder / REPORT_FOLDER,
            facts={"provenance": json.loads(provenance.as_json())},
            expected=self._expected,
            entropy=self._entropy_in(folder),
            pet=None if (pet := spec.pet_on_output) is None else case.inputs.images.get(pet.slug),
        )

    @property
    def _expected(self) -> Mapping[str, StructureRange]:
        """Ranges of the structures in the training data, by name; empty where there were none."""
        return (self.model if isinstance(self.model, RuleModel) else self.model.bundle).structures

    def _entropy_in(self, folder: Path) -> Path:
        """Return the file of the entropy: of the challenge's map, or else of the uncertainty; it need not exist."""
        for socket in self.challenge.spec.maps:
            if socket.kind == "entropy":
                return folder / socket.relative_path / FILE_NAME
        return folder / UNCERTAINTY_FOLDER / ENTROPY
