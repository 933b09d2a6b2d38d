"""`hnseg run`: one case as the container runs it, in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hnseg import entrypoint
from hnseg.cli.options.container import ContainerFolder
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
from hnseg.platform.challenge import load_challenge
from hnseg.progress.bar import shown_progress

EXAMPLES = (
    "hnseg run containers/hecktor --input test_data/hecktor/case_000/input --output build/out"
    " --model test_data/hecktor/model",
)


def command(  # noqa: PLR0913, PLR0917 (one parameter an option)
    container_dir: ContainerFolder,
    input_dir: Annotated[Path, typer.Option("--input", help="Holds the input sockets' folders.")],
    output_dir: Annotated[Path, typer.Option("--output", help="Result: the output socket's folder.")],
    model_dirs: ModelsOption,
    device: DeviceOption = "auto",
    precision: PrecisionOption = "exact",
    backend: BackendOption = "auto",
    checkpoint: CheckpointOption = "auto",
    skip: SkipOption = "none",
    limit_s: LimitOption = None,
    edition: EditionOption = "",
) -> None:
    """Segment one case exactly as the challenge's container would, without a container."""
    challenge = load_challenge(container_dir, edition)
    paths = ["--input", str(input_dir), "--output", str(output_dir)]
    paths += [word for folder in model_dirs for word in ("--model", str(folder))]
    chosen = {
        "device": device,
        "precision": precision,
        "backend": backend,
        "checkpoint": checkpoint,
        "skip": skip,
        "limit-s": limit_s,
    }
    options = [word for name, value in chosen.items() if value is not None for word in (f"--{name}", str(value))]
    with shown_progress() as progress:
        status = entrypoint.run(challenge, [*paths, *options], progress=progress)
    raise typer.Exit(status)
