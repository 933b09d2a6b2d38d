"""Options of a challenge's container on a case, as typer takes them: its limit, its edition, and its networks."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hnseg.cli.options.completion import challenge_folder
from hnseg.cli.options.run import EditionOption, LimitOption, NetworkOptions, SkipOption
from hnseg.platform.spec import ChallengeSpec

if TYPE_CHECKING:
    from hnseg.cohort.work import WorkReference
    from hnseg.inference.model.bundle_group import Model
    from hnseg.rule.model import RuleModel


ContainerFolder = Annotated[
    Path,
    typer.Argument(help="The challenge's folder, such as containers/hnts_mrg.", autocompletion=challenge_folder),
]


@dataclass(frozen=True)
class ContainerOptions(NetworkOptions):
    """Options on how a container runs a case; those of `hnseg.cohort.challenge_work`, by their names there."""

    skip: SkipOption = "none"
    limit_s: LimitOption = None
    edition: EditionOption = ""

    def allowed_s(self, spec: ChallengeSpec) -> float:
        """Return the seconds that a case may take: the challenge's where none are given."""
        return spec.limits.time_s if self.limit_s is None else self.limit_s

    def work(self, container_dir: Path, bundle: Model | RuleModel, **others: Any) -> WorkReference:
        """Describe the container's work on a case.

        Args:
            container_dir: Folder of the challenge.
            bundle: Model folder or several, opened.
            others: Further options of `challenge_work`, by their names.

        Raises:
            InputError: There is no such challenge or edition.
            ModelError: The model was made for another challenge.
        """
        from hnseg.cohort.challenge_work import challenge_work  # torch is imported once nothing else is wrong

        return challenge_work(container_dir, bundle, **asdict(self), **others)
