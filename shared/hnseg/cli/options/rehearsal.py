"""Options of `hnseg rehearse`: their values, and what its help says of them."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from hnseg.cli.options.completion import challenge_folder
from hnseg.rehearsal.preparing.input_list import OLDER, Dialect


class EngineName(str, Enum):
    """Engine that runs the cases; process: none."""

    DOCKER = "docker"
    PODMAN = "podman"
    APPTAINER = "apptainer"
    PROCESS = "process"


class Importer(str, Enum):
    """Importer that judges the outputs."""

    OWN = "own"
    PANIMG = "panimg"


class ApiMethod(str, Enum):
    """Generation of the platform's calls of a container."""

    EXEC = "exec"
    INVOKE = "invoke"


class Strictness(str, Enum):
    """Confinement of the containers: the platform's own, or a stricter one."""

    STRICTER = "stricter"
    PLATFORM = "platform"


class InputsJson(str, Enum):
    """Dialect of inputs.json, or all of them, one after the other."""

    TODAY = "today"
    INTERFACE = "interface"
    SOCKET = "socket"
    NONE = "none"
    ALL = "all"

    @property
    def dialects(self) -> tuple[Dialect, ...]:
        """Dialects to rehearse; the first decides."""
        return (Dialect.TODAY, *OLDER) if self is InputsJson.ALL else (Dialect(self.value),)


ContainerArgument = Annotated[
    Path | None,
    typer.Argument(
        help="The challenge's folder, such as containers/hnts_mrg; with --image it needs spec.py alone.",
        autocompletion=challenge_folder,
    ),
]
CasesOption = Annotated[
    list[Path] | None, typer.Option("--case", help="input/, perhaps expected/. Left out: all shipped.")
]
ModelOption = Annotated[
    Path | None,
    typer.Option(help="Model: a folder, or the model.tar.gz. The shipped one if left out, or none for --image."),
]
ImageOption = Annotated[
    str, typer.Option(help="Rehearse this image instead of building one; for Apptainer also a .sif or .tar file.")
]
EngineOption = Annotated[
    EngineName | None,
    typer.Option(help="The container engine; process: without any. Left out: Docker or Podman, where one answers."),
]
ReportOption = Annotated[
    Path | None, typer.Option(help="Page: rehearsal.html in this folder, with rehearsal.json, outputs and logs.")
]
BaseImageOption = Annotated[
    str, typer.Option(envvar="HNSEG_BASE_IMAGE", help="Build on this image instead of the Dockerfile's.")
]
ApiMethodOption = Annotated[ApiMethod | None, typer.Option(help="Build for this generation of the platform.")]
BuildArgOption = Annotated[list[str] | None, typer.Option(help="NAME=VALUE for the build. May be repeated.")]
LimitOption = Annotated[
    float | None,
    typer.Option(
        min=0.1,
        max=1e7,
        help="Seconds a case may take; the challenge's limit if left out. It is told to the container.",
    ),
]
RamOption = Annotated[float | None, typer.Option(min=1.01, max=1e6, help="Memory in GiB: in place of the challenge's.")]
ProfileOption = Annotated[
    str, typer.Option(help="Limits: exec, invoke, batch, or a JSON file. Left out: exec or invoke, by the image.")
]
StrictnessOption = Annotated[
    Strictness, typer.Option(help="platform: nothing that only this rehearsal forbids, such as a writable root.")
]
InputsJsonOption = Annotated[
    InputsJson,
    typer.Option(help="Dialect of the inputs.json that each case gets; all: a run for today's, each older, none."),
]
ImporterOption = Annotated[
    Importer,
    typer.Option(help="panimg: the platform's importer, where it is installed, judges each output as well."),
]
NewSpecOption = Annotated[
    Path | None,
    typer.Option(help="Write spec.py of another challenge into this folder, by --from-inputs and --from-output."),
]
FromInputsOption = Annotated[
    Path | None, typer.Option(help="The inputs.json that the platform gives a job, beside the job's inputs.")
]
FromOutputOption = Annotated[Path | None, typer.Option(help="The output that an algorithm left for the same case.")]
GpuOption = Annotated[bool, typer.Option(help="Pass this machine's GPUs, if it has any.")]
