"""`hnseg-train fit`: train folds of a planned challenge."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hnseg.cli.options.records import with_records
from hnseg.cli.options.run import DeviceOption
from hnseg.errors import InputError
from hnseg.robustness.perturbations.kind import KINDS
from hnseg_training.cli.options import Challenge, Folds, Planned, Stages, Work, folds_named, kinds_named
from hnseg_training.dataset.work_folder import WorkFolder

if TYPE_CHECKING:
    from hnseg_training.dataset.augmentation import Perturbations
    from hnseg_training.fitting.fit import Schedule
    from hnseg_training.fitting.preset import Preset


@dataclass(frozen=True)
class ScheduleOptions:
    """Options on the length, the hardware and the beginning of a training."""

    epochs: Annotated[int | None, typer.Option(min=1, help="Instead of the preset's.")] = None
    iterations: Annotated[int | None, typer.Option(min=1, help="An epoch's, instead of the preset's.")] = None
    batch_size: Annotated[int | None, typer.Option(min=1, help="Instead of the plan's.")] = None
    device: DeviceOption = "auto"
    threads: Annotated[int | None, typer.Option(min=1, help="Without a GPU; every core if left out.")] = None
    seed: Annotated[int, typer.Option(min=0, help="Seed: of the first weights and the augmentation.")] = 0
    learning_rate: Annotated[
        float | None, typer.Option(min=1e-9, max=10, help="At the start, instead of the preset's.")
    ] = None
    start_from: Annotated[
        Path | None,
        typer.Option(
            help="Start: a checkpoint_*.pth or model folder of the same network, or of one with fewer channels."
        ),
    ] = None

    def of(self, training: Preset, *, is_first: bool) -> Schedule:
        """Return the schedule of a training; only the first of several stages begins with weights that are given."""
        from hnseg_training.fitting.fit import Schedule

        return Schedule(
            epochs=self.epochs or training.training.epochs,
            iterations=self.iterations or training.training.iterations,
            batch_size=self.batch_size,
            device=self.device,
            threads=self.threads,
            seed=self.seed,
            learning_rate=self.learning_rate,
            start_from=self.start_from if is_first else None,
        )


@dataclass(frozen=True)
class AugmentOptions:
    """Options on the perturbations of training patches."""

    augment: Annotated[
        str | None,
        typer.Option(
            help=f"Perturb images in training: any of {','.join(KINDS)}. If left out, as the folds that are there."
        ),
    ] = None
    augment_probability: Annotated[
        float | None, typer.Option(min=0, max=1, help="Share of the patches that --augment perturbs, 0.3 if left out.")
    ] = None

    def perturbations(self) -> Perturbations | None:
        """Return the perturbations that are asked for; None where none are.

        Raises:
            InputError: A kind doesn't exist, or the share was given without any.
        """
        from hnseg_training.dataset.augmentation import Perturbations

        share = self.augment_probability
        if self.augment is None and share is not None:
            raise InputError(
                "--augment-probability is the share of the patches that --augment perturbs, but --augment was left out."
                " Name the kinds too, such as --augment spike,noise."
            )
        if self.augment is None:
            return None
        given = {} if share is None else {"probability": share}
        return Perturbations(kinds=kinds_named(self.augment), **given)


EXAMPLES = (
    "hnseg-train fit hnts_mrg --work work",
    "hnseg-train fit hnts_mrg --work work --folds 0 --resume --validate",
)


@with_records
def command(  # noqa: PLR0913 (one parameter an option)
    challenge: Challenge,
    work: Work,
    folds: Folds = None,
    preset: Planned = None,
    stage: Stages = "all",
    *,
    schedule: ScheduleOptions,
    augmentation: AugmentOptions,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where training stopped.")] = False,
    final_validation: Annotated[
        bool, typer.Option("--validate", help="Segment the validation cases afterwards; slow.")
    ] = False,
) -> None:
    """Train folds with nnU-Net's own trainer."""
    from hnseg_training.dataset.splits import fold_count
    from hnseg_training.fitting.fit import fit, validate
    from hnseg_training.fitting.plan import planned_preset
    from hnseg_training.fitting.stages import in_stages

    perturbations = augmentation.perturbations()
    folder = WorkFolder.open(work, challenge=challenge)
    trainings = in_stages(planned_preset(folder, preset), None if stage == "all" else stage)
    for fold, training in product(folds_named(folds, of=fold_count(folder)), trainings):
        its_schedule = schedule.of(training, is_first=training is trainings[0])
        fit(folder, training, fold, its_schedule, perturbations=perturbations, resume=resume)
        if final_validation and training is trainings[-1]:
            validate(folder, training, fold, its_schedule)
