"""What is rehearsed: an image of an engine, or plain processes of a challenge."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import typer

from hnseg.cli.options.rehearsal import ApiMethod, EngineName
from hnseg.errors import EngineError, InputError
from hnseg.rehearsal.profile import Profile
from hnseg.rehearsal.running.apptainer.program import Apptainer, find_apptainer
from hnseg.rehearsal.running.engine import Engine, find_engine
from hnseg.rehearsal.running.image import inspect_image
from hnseg.rehearsal.running.runners import ImageChoice, Runner, apptainer_runner, container_runner, process_runner

_API_METHODS = tuple(method.value for method in ApiMethod)


@dataclass(frozen=True)
class Target:
    """What is rehearsed.

    Attributes:
        container_dir: Folder of the challenge.
        choice: Image, found or to be built.
        engine: Engine that runs it; None for plain processes, and for Apptainer.
        apptainer: Apptainer, where that runs it.
    """

    container_dir: Path
    choice: ImageChoice
    engine: Engine | None
    apptainer: Apptainer | None = None

    @property
    def api_method(self) -> str:
        """API method that the image declares, or will once it is built; exec for a process and for Apptainer."""
        if self.engine is None:
            return ApiMethod.EXEC.value
        if self.choice.tag:
            declared = inspect_image(self.engine, self.choice.tag).api_method
            return declared if declared in _API_METHODS else ApiMethod.EXEC.value  # judged with the image: refused
        return self.choice.build_arguments.get("API_METHOD", ApiMethod.EXEC.value)

    def check(self, profile: Profile) -> None:
        """Check that a profile is one for the image.

        Raises:
            InputError: It is for the other API method.
        """
        declared = self.api_method
        if profile.api_method not in ("any", declared):
            raise InputError(
                f"The profile {profile.name} is for containers of the API method {profile.api_method}, but this one's"
                f" is {declared}. Leave out --profile, or build the image with --api-method {profile.api_method}."
            )

    def runner(self, model_dir: Path, profile: Profile, *, gpu: bool) -> AbstractContextManager[Runner]:
        """Return a context that yields the runner of the cases; see `hnseg.rehearsal.running.runners`."""
        if self.apptainer is not None:
            return apptainer_runner(self.apptainer, self.choice.tag, model_dir, profile, gpu=gpu)
        if self.engine is None:
            return nullcontext(process_runner(self.container_dir, profile, gpu=gpu, edition=self.choice.edition))
        return container_runner(self.engine, self.container_dir, self.choice, model_dir, profile, gpu=gpu)


def find_target(name: EngineName | None, container_dir: Path, choice: ImageChoice) -> Target:
    """Return the image with the engine that was asked for, or the first that answers; processes where none does.

    Raises:
        EngineError: An engine is needed, and none answers.
    """
    if name is EngineName.APPTAINER:
        if not choice.tag:
            raise typer.BadParameter(
                "--engine apptainer builds no image: name one with --image, a .sif file, the .tar of docker save, or"
                " the tag of an image that Docker's service has"
            )
        return Target(container_dir.resolve(), choice, None, find_apptainer())
    return Target(container_dir.resolve(), choice, _engine(name, choice))


def _engine(name: EngineName | None, choice: ImageChoice) -> Engine | None:
    """Return the engine that was asked for, or the first that answers; None to run processes.

    Raises:
        EngineError: An engine is needed, and none answers.
    """
    if name is EngineName.PROCESS:
        if choice.tag or choice.build_arguments.get("API_METHOD") == ApiMethod.INVOKE.value:
            raise typer.BadParameter(
                "--engine process has no image, and runs a case once: --image and invoke need an engine"
            )
        return None
    try:
        return find_engine(*([name.value] if name else []))
    except EngineError as error:
        if name or choice.tag:
            raise
        typer.echo(f"{error}\nGoing on without one, as --engine process does.\n", err=True)
        return None
