"""`hnseg run`: one case as the container runs it, in this process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hnseg import entrypoint
from hnseg.cli.cases.dicom_inputs import inputs_from_dicom
from hnseg.cli.cases.exports import Exports
from hnseg.cli.options.container import ContainerFolder
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
from hnseg.cli.options.write import WriteOption, formats_asked
from hnseg.dicom.exports.formats import Format
from hnseg.errors import InputError
from hnseg.platform.challenge import load_challenge
from hnseg.platform.spec import ChallengeSpec
from hnseg.progress.bar import shown_progress
from hnseg.rule.model import open_model

if TYPE_CHECKING:
    from hnseg.dicom.inputs.case import DicomCase


EXAMPLES = (
    "hnseg run containers/hecktor --input test_data/hecktor/case_000/input --output build/out"
    " --model test_data/hecktor/model",
    "hnseg run containers/hecktor --dicom patient_7 --output out --model model --write rtstruct,seg",
)


@with_records
def command(  # noqa: PLR0913 (one parameter an option)
    container_dir: ContainerFolder,
    *,
    input_dir: Annotated[
        Path | None, typer.Option("--input", help="Holds the input sockets' folders; with --dicom, what is no DICOM.")
    ] = None,
    dicom: DicomOption = None,
    choice: ChoiceOptions,
    output_dir: Annotated[Path, typer.Option("--output", help="Result: the output socket's folder.")],
    model_dirs: ModelsOption,
    device: DeviceOption = "auto",
    precision: PrecisionOption = "exact",
    backend: BackendOption = "auto",
    checkpoint: CheckpointOption = "auto",
    skip: SkipOption = "none",
    limit_s: LimitOption = None,
    edition: EditionOption = "",
    write: WriteOption = "",
) -> None:
    """Segment one case exactly as the challenge's container would, without a container.

    With --dicom, the images are made of the series in a folder of DICOM files, a PET in SUV; where several series may
    be meant, the refusal has the --series to repeat the command with. --write puts the outputs back onto these series.
    """
    challenge = load_challenge(container_dir, edition)
    formats = formats_asked(write, has_dicom=dicom is not None)
    chosen = {
        "device": device,
        "precision": precision,
        "backend": backend,
        "checkpoint": checkpoint,
        "skip": skip,
        "limit-s": limit_s,
    }
    options = [word for name, value in chosen.items() if value is not None for word in (f"--{name}", str(value))]
    with _inputs(challenge.spec, input_dir, dicom, choice) as (inputs, case):
        _check_formats(formats, case)
        paths = ["--input", str(inputs), "--output", str(output_dir)]
        paths += [word for folder in model_dirs for word in ("--model", str(folder))]
        with shown_progress() as progress:
            status = entrypoint.run(challenge, [*paths, *options], progress=progress)
        if status == 0 and formats:
            exports = Exports(
                challenge.spec, formats, open_model(model_dirs, challenge.method, checkpoint=checkpoint).sha256
            )
            for path in exports.write(output_dir, case, dicom or inputs):
                typer.echo(f"{path}")
    raise typer.Exit(status)


def _check_formats(formats: Sequence[Format], case: DicomCase | None) -> None:
    """Refuse formats that no series is there for, before the work."""
    if case is not None and any(each.needs_series for each in formats):
        case.check_reference()


@contextmanager
def _inputs(
    spec: ChallengeSpec, input_dir: Path | None, dicom: Path | None, choice: ChoiceOptions
) -> Iterator[tuple[Path, DicomCase | None]]:
    """Yield the folder of the sockets' folders, that given or one made of DICOM files, and what was chosen of these."""
    choice.check(has_dicom=dicom is not None)
    if dicom is not None:
        with inputs_from_dicom(spec, dicom, choice, input_dir) as made:
            yield made
    elif input_dir is not None:
        yield input_dir, None
    else:
        raise InputError("A case must have inputs (--input DIR, or --dicom DIR of DICOM files), but neither was given.")
