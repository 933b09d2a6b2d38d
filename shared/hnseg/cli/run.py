"""`hnseg run`: one case as the container runs it, in this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from hnseg import entrypoint
from hnseg.cli.cases.dicom_inputs import inputs_from_dicom
from hnseg.cli.options.dicom import ChoiceOptions, DicomOption
from hnseg.cli.options.records import with_records
from hnseg.cli.options.run import (
    BackendOption,
    CheckpointOption,
    DeviceOption,
    EditionOption,
    LimitOption,
    ModelsOption,
    PrecisionOption,
    SkipOption,
)
from hnseg.errors import InputError
from hnseg.platform.challenge import load_challenge
from hnseg.platform.spec import ChallengeSpec


@with_records
def command(  # noqa: PLR0913 (one parameter an option)
    container_dir: Annotated[Path, typer.Argument(help="The challenge's folder, such as containers/hnts_mrg.")],
    *,
    input_dir: Annotated[
        Path | None, typer.Option("--input", help="Holds the input sockets' folders; with --dicom, what is no DICOM.")
    ] = None,
    dicom: DicomOption = None,
    choice: ChoiceOptions,
    output_dir: Annotated[Path, typer.Option("--output", help="Receives the output socket's folder.")],
    model_dirs: ModelsOption,
    device: DeviceOption = "auto",
    precision: PrecisionOption = "exact",
    backend: BackendOption = "auto",
    checkpoint: CheckpointOption = "auto",
    skip: SkipOption = "none",
    limit_s: LimitOption = None,
    edition: EditionOption = "",
) -> None:
    """Segment one case exactly as the challenge's container would, without a container.

    With --dicom, the images are made of the series in a folder of DICOM files, a PET in SUV; where several series may
    be meant, the refusal has the --series to repeat the command with.
    """
    challenge = load_challenge(container_dir, edition)
    chosen = {
        "device": device,
        "precision": precision,
        "backend": backend,
        "checkpoint": checkpoint,
        "skip": skip,
        "limit-s": limit_s,
    }
    options = [word for name, value in chosen.items() if value is not None for word in (f"--{name}", str(value))]
    with _inputs(challenge.spec, input_dir, dicom, choice) as inputs:
        paths = ["--input", str(inputs), "--output", str(output_dir)]
        paths += [word for folder in model_dirs for word in ("--model", str(folder))]
        status = entrypoint.run(challenge, [*paths, *options])
    raise typer.Exit(status)


@contextmanager
def _inputs(spec: ChallengeSpec, input_dir: Path | None, dicom: Path | None, choice: ChoiceOptions) -> Iterator[Path]:
    """Yield the folder of the sockets' folders: the one that is given, or one made of DICOM files."""
    choice.check(has_dicom=dicom is not None)
    if dicom is not None:
        with inputs_from_dicom(spec, dicom, choice, input_dir) as (made, _):
            yield made
    elif input_dir is not None:
        yield input_dir
    else:
        raise InputError("A case must have inputs (--input DIR, or --dicom DIR of DICOM files), but neither was given.")
