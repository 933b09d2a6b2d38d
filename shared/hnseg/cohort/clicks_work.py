"""Work of a simulated user on a case: a session of refinement, clicked through, and the measures of every step."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hnseg.cohort.case import CohortCase
from hnseg.cohort.clicked_case import ClickedCase, UserOptions
from hnseg.cohort.finding.references import REFERENCE
from hnseg.cohort.output_facts import facts_of_output
from hnseg.cohort.state.store import REPORT_FOLDER
from hnseg.cohort.work import Facts, Work, WorkReference
from hnseg.errors import InputError, ModelError
from hnseg.evaluation.clicks.simulated_user import Truth
from hnseg.evaluation.files.label_maps import labels_of
from hnseg.imaging.files.reading import read_volume
from hnseg.imaging.geometry import Grid
from hnseg.inference.model.manifest import METHOD_FILE
from hnseg.options import BackendName, CheckpointName, Device, Precision
from hnseg.platform.challenge import Challenge, load_challenge, settings_in
from hnseg.platform.reading import read_case
from hnseg.provenance import Provenance

if TYPE_CHECKING:
    from pydantic import BaseModel

    from hnseg.inference.ensemble import Ensemble
    from hnseg.inference.model.bundle import Bundle


def clicks_work(
    container: str | Path,
    bundle: Bundle,
    user: UserOptions,
    *,
    device: Device = "auto",
    precision: Precision = "exact",
    backend: BackendName = "auto",
) -> WorkReference:
    """Describe the work of a simulated user.

    A case has its reference among its images, see `hnseg.cohort.finding.references`.

    Args:
        container: Name or folder of the challenge whose method prepares the images.
        bundle: Model folder, opened; of a model with channels for clicks.
        user: Options of the user.
        device: Processor of the networks.
        precision: Precision of the networks' arithmetic.
        backend: Library that runs the networks.

    Raises:
        InputError: There is no such challenge.
        ModelError: The model takes no clicks.
    """
    if bundle.dataset.prompts is None:
        raise ModelError(
            "Clicks can be simulated for a model with channels for them, but the dataset.json in"
            f" {bundle.folder} has no prompts. Was it trained without clicks?"
        )
    spec = load_challenge(container).spec
    options = {"device": device, "precision": precision, "backend": backend, "user": user.model_dump()}
    place = str(container.absolute()) if isinstance(container, Path) else container
    return WorkReference(
        loader=f"{__name__}:load",
        parameters={
            "container": place,
            "is_folder": isinstance(container, Path),
            "model_dir": str(bundle.folder.absolute()),
            "checkpoint": bundle.checkpoint,
            **options,
        },
        identity={"challenge": spec.name, "model_sha256": dict(bundle.sha256), **options},
    )


def load(  # noqa: PLR0913 (the parameters that `clicks_work` gives)
    *,
    container: str,
    is_folder: bool,
    model_dir: str,
    checkpoint: CheckpointName,
    device: Device,
    precision: Precision,
    backend: BackendName,
    user: Mapping[str, Any],
) -> Work:
    """Load the challenge and its ensemble, once for all cases.

    Raises:
        InputError: There is no such challenge, or the device or backend can't be used.
        ModelError: The model folder can't be used.
    """
    from hnseg.inference.loading import load_ensemble
    from hnseg.inference.model.bundle import open_bundle

    challenge = load_challenge(Path(container) if is_folder else container)
    ensemble = load_ensemble(
        open_bundle(Path(model_dir), checkpoint=checkpoint),
        device=device,
        vram_gib=challenge.spec.limits.vram_gib,
        precision=precision,
        backend=backend,
    )
    bundle = ensemble.bundle
    settings = settings_in(challenge.method, bundle.settings, bundle.folder / METHOD_FILE)
    return _ClicksWork(challenge, ensemble, settings, UserOptions.model_validate(user))


@dataclass(frozen=True)
class _ClicksWork:
    """Work with what it keeps between cases."""

    challenge: Challenge
    ensemble: Ensemble
    settings: BaseModel
    user: UserOptions

    def __call__(self, case: CohortCase, folder: Path) -> Facts:
        """Click through a case; return its provenance, and the facts of its last label map."""
        provenance = Provenance(time.monotonic())
        clicked = self._opened(case, provenance)
        with provenance.step("click"):
            last = clicked.click_errors(self.user, folder)
        if self.user.each_lesion:
            with provenance.step("click_each_lesion"):
                clicked.click_lesions(self.user, folder)
        spec = self.challenge.spec
        return facts_of_output(
            case.inputs.images[spec.output.on_grid_of],
            last,
            spec.output.labels,
            folder / REPORT_FOLDER,
            facts={"provenance": json.loads(provenance.as_json())},
            expected=self.ensemble.bundle.structures,
            pet=None if (pet := spec.pet_on_output) is None else case.inputs.images.get(pet.slug),
        )

    def _opened(self, case: CohortCase, provenance: Provenance) -> ClickedCase:
        """Return a case with its session, whose automatic label map is made here."""
        from hnseg.refinement.guard import Guard
        from hnseg.refinement.session import RefinementSession

        images = {slug: path for slug, path in case.inputs.images.items() if slug != REFERENCE}
        with provenance.step("read"):
            opened = read_case(self.challenge.spec, case.inputs.model_copy(update={"images": images}))
            truth = self._truth(case, Grid.of(opened.reference))
        with provenance.step("prepare"):
            channels = replace(self.challenge.method.prepare(opened, self.settings), clicks=())
            provenance.record(**channels.record)
            provenance.note(*channels.notes)
        started_s = time.monotonic()
        with provenance.step("predict"):
            guard = Guard() if self.user.guard else None
            session = RefinementSession(self.ensemble, channels, guard=guard, progress=provenance.progress.work_done)
        return ClickedCase(
            session=session,
            truth=truth,
            radius_mm=_radius_mm(self.ensemble),
            finish=lambda label_map: self.challenge.method.finish(label_map, opened, self.settings),
            start_s=time.monotonic() - started_s,
        )

    def _truth(self, case: CohortCase, grid: Grid) -> Truth:
        """Return the reference of a case.

        Raises:
            InputError: It can't be read, lies on another grid than the label map will, or has other labels.
        """
        labels = {name: value for value, name in self.challenge.spec.output.labels.items()}
        image = read_volume(case.inputs.images[REFERENCE], title=f"reference of {case.name}")
        if differences := Grid.of(image).differences(grid):
            raise InputError(
                f"The reference of {case.name} must lie on the grid of the label map, but it has {differences}. Does it"
                " belong to another image?"
            )
        return Truth(labels_of(image, labels, name=f"reference of {case.name}"), grid, labels)


def _radius_mm(ensemble: Ensemble) -> float:
    """Return the radius of a click, the largest along any axis where it is in voxels."""
    encoding = ensemble.bundle.dataset.prompts
    assert encoding is not None
    if encoding.radius_mm is not None:
        return encoding.radius_mm
    return float(encoding.radius_voxels or 0) * max(ensemble.bundle.configuration.spacing)
