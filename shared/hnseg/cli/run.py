"""`hnseg run`: one case as the container runs it, in this process."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, Literal

import typer

from hnseg import entrypoint
from hnseg.platform.challenge import EDITION, load_challenge


class Device(str, Enum):
    """Where the network runs."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


DeviceOption = Annotated[Device, typer.Option("--device", help="Where the networks run.")]
PrecisionOption = Annotated[
    Literal["exact", "fast"],
    typer.Option(envvar="HNSEG_PRECISION", help="exact: nnU-Net's label map; fast: in half precision, sooner."),
]
BackendOption = Annotated[
    Literal["auto", "torch", "openvino"],
    typer.Option(envvar="HNSEG_BACKEND", help="What runs the networks; auto is OpenVINO on a CPU that has it."),
]


def command(  # noqa: PLR0913, PLR0917 (one parameter an option)
    container_dir: Annotated[Path, typer.Argument(help="The challenge's folder, such as containers/hnts_mrg.")],
    input_dir: Annotated[Path, typer.Option("--input", help="Holds the input sockets' folders.")],
    output_dir: Annotated[Path, typer.Option("--output", help="Receives the output socket's folder.")],
    model_dir: Annotated[Path, typer.Option("--model", help="An nnU-Net result folder or an exported bundle.")],
    device: DeviceOption = Device.AUTO,
    precision: PrecisionOption = "exact",
    backend: BackendOption = "auto",
    skip: Annotated[
        Literal["none", "air", "far"],
        typer.Option(envvar="HNSEG_SKIP", help="Leave tiles of air, or far from the prior, unseen: sooner."),
    ] = "none",
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
    chosen = {"--precision": precision, "--backend": backend, "--skip": skip, "--limit-s": limit_s}
    options = [word for name, value in chosen.items() if value is not None for word in (name, str(value))]
    raise typer.Exit(entrypoint.run(challenge, [*paths, "--device", device.value, *options]))
