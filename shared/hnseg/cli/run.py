"""`hnseg run`: one case as the container runs it, in this process."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from hnseg import entrypoint
from hnseg.platform.challenge import EDITION, load_challenge


class Device(str, Enum):
    """Where the network runs."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


def command(  # noqa: PLR0913, PLR0917 (one parameter an option)
    container_dir: Annotated[Path, typer.Argument(help="The challenge's folder, such as containers/hnts_mrg.")],
    input_dir: Annotated[Path, typer.Option("--input", help="Holds the input sockets' folders.")],
    output_dir: Annotated[Path, typer.Option("--output", help="Receives the output socket's folder.")],
    model_dir: Annotated[Path, typer.Option("--model", help="An nnU-Net result folder or an exported bundle.")],
    device: Annotated[Device, typer.Option(help="Where the network runs.")] = Device.AUTO,
    limit_s: Annotated[
        float | None, typer.Option(help="Seconds the case may take; the challenge's limit if left out.")
    ] = None,
    edition: Annotated[
        str, typer.Option(envvar=EDITION, help="Which edition of the challenge, where it has several.")
    ] = "",
) -> None:
    """Segment one case exactly as the challenge's container would, without a container."""
    challenge = load_challenge(container_dir, edition)
    paths = ["--input", str(input_dir), "--output", str(output_dir), "--model", str(model_dir)]
    limit = [] if limit_s is None else ["--limit-s", str(limit_s)]
    raise typer.Exit(entrypoint.run(challenge, [*paths, "--device", device.value, *limit]))
