"""Options of a study of robustness, as typer takes them: its cases, and what is perturbed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from hnseg.cli.options.run import check_choice
from hnseg.errors import InputError
from hnseg.platform.spec import ChallengeSpec
from hnseg.robustness.perturbations.kind import KINDS
from hnseg.robustness.perturbations.scale import Units
from hnseg.robustness.perturbations.severity import SEVERITIES
from hnseg.robustness.study.images import choose_images
from hnseg.robustness.study.variants import Choice

SeedOption = Annotated[int, typer.Option(min=0, help="Seed: the same one gives the same voxels.")]
UnitsOption = Annotated[
    Units, typer.Option(help="Scale of the strengths: as published, with a physical zero, or the file's own values.")
]


@dataclass(frozen=True)
class StudyOptions:
    """Options on what a study perturbs; a list has commas between its words."""

    modalities: Annotated[
        str, typer.Option(metavar="ct,pet", help="Images to perturb, by modality or slug; all if left out.")
    ] = ""
    kinds: Annotated[str, typer.Option(metavar="spike,noise", help="Kinds of perturbations.")] = ",".join(KINDS)
    severities: Annotated[str, typer.Option(metavar="1,2", help="Severities, 1 to 3.")] = "1,2,3"
    seed: SeedOption = 0
    units: UnitsOption = "normalised"

    def choice(self, spec: ChallengeSpec) -> Choice:
        """Return what is perturbed.

        Raises:
            InputError: A word is not known, or a list has none.
        """
        return Choice(
            choose_images(spec, _words(self.modalities)),
            tuple(kind for kind in KINDS if kind in _known("--kinds", self.kinds, KINDS)),
            tuple(s for s in SEVERITIES if str(s) in _known("--severities", self.severities, map(str, SEVERITIES))),
        )


@dataclass(frozen=True)
class StudyFolders:
    """Folders of a study, all of which it needs but that of the references."""

    model_dir: Annotated[
        Path | None,
        typer.Option("--model", metavar="DIR", help="Model: an nnU-Net result folder or an exported bundle."),
    ] = None
    output_dir: Annotated[
        Path | None, typer.Option("--output", metavar="DIR", help="Result: the page, its numbers and the variants.")
    ] = None
    references: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="References: a label map a case; left out: each case's own `expected`."),
    ] = None

    def needed(self, container_dir: Path | None, cases_dir: Path | None) -> tuple[Path, Path, Path, Path]:
        """Return the folders of challenge, cases, model and output.

        Raises:
            InputError: One of them was left out.
        """
        given = {
            "the folder of the challenge": container_dir,
            "the folder of cases": cases_dir,
            "--model": self.model_dir,
            "--output": self.output_dir,
        }
        if missing := [name for name, path in given.items() if path is None]:
            raise InputError(
                "A study must be given a challenge, its cases, --model and --output, or else --scores with scores that"
                f" are there, but {missing[0]} was left out."
            )
        challenge, cases, model, output = (path for path in given.values() if path is not None)
        return challenge, cases, model, output


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _known(option: str, text: str, known: Iterable[str]) -> list[str]:
    """Return the words of a list.

    Raises:
        InputError: A word is not known, or there is none.
    """
    words, choices = _words(text), tuple(known)
    if not words:
        raise InputError(f"{option} must name at least one of {', '.join(choices)}, found {text!r}.")
    for word in words:
        check_choice(option, word, choices)
    return words
