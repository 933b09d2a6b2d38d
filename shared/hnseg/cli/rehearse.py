"""Command `hnseg rehearse`: the platform's verdict, before the upload."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import rich
import typer

from hnseg.cli.options import EditionOption
from hnseg.errors import EngineError, InputError
from hnseg.imaging.files.output_folders import check_replaceable
from hnseg.platform.challenge import load_challenge
from hnseg.printable import printable
from hnseg.rehearsal.cases import CaseFolder, find_cases
from hnseg.rehearsal.judging.importer.check import check_panimg
from hnseg.rehearsal.preparing.input_list import OLDER, Dialect
from hnseg.rehearsal.profile import Profile, profile_of
from hnseg.rehearsal.profile_file import ProfileFile, merged, read_profile
from hnseg.rehearsal.rehearse import rehearse
from hnseg.rehearsal.report.page import check_report, write_report
from hnseg.rehearsal.report.table import cases_table, findings_of, rules_summary
from hnseg.rehearsal.request import Request
from hnseg.rehearsal.results import Rehearsal
from hnseg.rehearsal.running.engine import Engine, find_engine
from hnseg.rehearsal.running.image import inspect_image
from hnseg.rehearsal.running.runners import ImageChoice, Runner, container_runner, process_runner
from hnseg.rehearsal.running.workplace import model_folder
from hnseg.signals import sigterm_unwinds


class EngineName(str, Enum):
    """Engine that runs the cases; process: none."""

    DOCKER = "docker"
    PODMAN = "podman"
    PROCESS = "process"


class Importer(str, Enum):
    """Importer that judges the outputs."""

    OWN = "own"
    PANIMG = "panimg"


class ApiMethod(str, Enum):
    """Generation of the platform's calls of a container."""

    EXEC = "exec"
    INVOKE = "invoke"


_API_METHODS = tuple(method.value for method in ApiMethod)


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


def command(  # noqa: PLR0913 (one parameter an option)
    container_dir: Annotated[Path, typer.Argument(help="The challenge's folder, such as containers/hnts_mrg.")],
    *,
    case: Annotated[list[Path] | None, typer.Option(help="input/, perhaps expected/. Left out: all shipped.")] = None,
    model: Annotated[
        Path | None, typer.Option(help="The weights: a folder, or the model.tar.gz. The shipped ones if left out.")
    ] = None,
    edition: EditionOption = "",
    image: Annotated[str, typer.Option(help="Rehearse this image instead of building one.")] = "",
    engine: Annotated[
        EngineName | None,
        typer.Option(help="The container engine; process: without any. Left out: the first that answers."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write rehearsal.json, rehearsal.html, outputs and logs to this folder.")
    ] = None,
    base_image: Annotated[
        str, typer.Option(envvar="HNSEG_BASE_IMAGE", help="Build on this image instead of the Dockerfile's.")
    ] = "",
    api_method: Annotated[ApiMethod | None, typer.Option(help="Build for this generation of the platform.")] = None,
    build_arg: Annotated[list[str] | None, typer.Option(help="NAME=VALUE for the build. May be repeated.")] = None,
    limit_s: Annotated[
        float | None,
        typer.Option(min=0.1, max=1e7, help="Seconds a case may take, instead of the challenge's; told to it."),
    ] = None,
    ram_gib: Annotated[
        float | None, typer.Option(min=1.01, max=1e6, help="Memory, instead of the challenge's.")
    ] = None,
    profile: Annotated[
        str, typer.Option(help="Limits: exec, invoke, batch, or a JSON file. Left out: exec or invoke, by the image.")
    ] = "",
    as_strict_as: Annotated[
        Strictness, typer.Option(help="platform: nothing that only this rehearsal forbids, such as a writable root.")
    ] = Strictness.STRICTER,
    inputs_json: Annotated[
        InputsJson,
        typer.Option(help="Dialect of the inputs.json that each case gets; all: a run for today's, each older, none."),
    ] = InputsJson.TODAY,
    importer: Annotated[
        Importer,
        typer.Option(help="panimg: the platform's importer, where it is installed, judges each output as well."),
    ] = Importer.OWN,
    gpu: Annotated[bool, typer.Option(help="Pass this machine's GPUs, if it has any.")] = True,
) -> None:
    """Run a challenge's container on cases under the platform's limits, and judge it as the platform would.

    Status 0: every case passed. Status 1: one failed, which there fails the whole submission.
    """
    if importer is Importer.PANIMG:
        check_panimg()
    files = read_profile(profile) if profile else []
    method = _method_to_build(api_method, files)
    arguments = _build_arguments(build_arg or [], BASE_IMAGE=base_image, API_METHOD=method, EDITION=edition)
    challenge = load_challenge(container_dir, arguments.get("EDITION"))
    container_dir, choice = container_dir.resolve(), ImageChoice(image, arguments)
    with sigterm_unwinds(), _materials(container_dir, case or [], model, report) as given, ExitStack() as at_the_end:
        if report:
            _check_report(report, given)
        found = _engine(engine, choice)
        declared = _declared_method(found, choice)
        limits = profile_of(
            challenge.spec.limits,
            files=files or read_profile(declared),
            time_limit_s=limit_s,
            ram_gib=ram_gib,
            confinement=as_strict_as.value,
        ).of_job(len(given.cases))
        _check_method(limits, declared)
        runner = at_the_end.enter_context(_runner(found, container_dir, choice, given.model_dir, limits, gpu=gpu))
        edition = arguments.get("EDITION", "")
        request = Request(
            challenge.spec,
            given.cases,
            given.model_dir,
            limits,
            given.keep_dir,
            edition,
            dialects=inputs_json.dialects,
            asks_panimg=importer is Importer.PANIMG,
        )
        result = rehearse(request, runner, typer.echo)
        _print(result)
        if report:
            typer.echo(f"\nReport: {printable(str(write_report(request, result, report)))}")
    raise typer.Exit(0 if result.passed else 1)


@dataclass(frozen=True)
class _Materials:
    """Folders of a rehearsal.

    Attributes:
        cases: Cases to run.
        model_dir: Folder of the weights.
        keep_dir: Folder that receives outputs and logs.
    """

    cases: Sequence[CaseFolder]
    model_dir: Path
    keep_dir: Path


@contextmanager
def _materials(container_dir: Path, cases: list[Path], model: Path | None, report: Path | None) -> Iterator[_Materials]:
    """Find the cases and the model, the shipped ones where none is named, and a folder for outputs and logs.

    Raises:
        InputError: There is no case.
    """
    shipped = container_dir.parent.parent / "test_data" / container_dir.name
    found = find_cases(cases or sorted(shipped.glob("case_*")))
    if not found:
        raise InputError(f"There must be a case to rehearse, but {shipped} has none. Name one with --case.")
    with model_folder(model or shipped / "model") as model_dir, TemporaryDirectory(prefix="hnseg-") as temporary:
        yield _Materials(found, model_dir, report / "cases" if report else Path(temporary))


def _check_report(report: Path, given: _Materials) -> None:
    """Check before any work that the report can be written, and that it replaces nothing but an earlier report.

    Raises:
        OutputError: It can't be, or its folder for a case holds or is something else.
    """
    inputs = [given.model_dir, *(folder for case in given.cases for folder in (case.input_dir, case.expected_dir))]
    for case in given.cases:
        check_replaceable(given.keep_dir / case.name, names=("output", "stdout.txt", "stderr.txt"), inputs=inputs)
    check_report(report)


def _build_arguments(pairs: list[str], **chosen: str) -> dict[str, str]:
    """Return the arguments for the build: the given pairs, replaced where an option of its own was used."""
    wrong = next((pair for pair in pairs if "=" not in pair), None)
    if wrong is not None:
        raise typer.BadParameter(f"--build-arg must be NAME=VALUE, found {wrong!r}")
    given = dict(pair.split("=", 1) for pair in pairs)
    return given | {name: value for name, value in chosen.items() if value}


def _method_to_build(chosen: ApiMethod | None, files: Sequence[ProfileFile]) -> str:
    """Return the API method for the build: the chosen one, or else the one that the profile is for; empty for none."""
    if chosen is not None:
        return chosen.value
    wanted = merged(files).api_method if files else ""
    return wanted if wanted in _API_METHODS else ""


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


def _declared_method(engine: Engine | None, choice: ImageChoice) -> str:
    """Return the API method that the image declares, or will once it is built; exec for a process."""
    if engine is None:
        return ApiMethod.EXEC.value
    if choice.tag:
        declared = inspect_image(engine, choice.tag).api_method
        return declared if declared in _API_METHODS else ApiMethod.EXEC.value  # judged with the image: it is refused
    return choice.build_arguments.get("API_METHOD", ApiMethod.EXEC.value)


def _check_method(profile: Profile, declared: str) -> None:
    """Check that the profile is one for the image.

    Raises:
        InputError: It is for the other API method.
    """
    if profile.api_method not in ("any", declared):
        raise InputError(
            f"The profile {profile.name} is for containers of the API method {profile.api_method}, but this one's is"
            f" {declared}. Leave out --profile, or build the image with --api-method {profile.api_method}."
        )


def _runner(
    engine: Engine | None, container_dir: Path, choice: ImageChoice, model_dir: Path, profile: Profile, *, gpu: bool
) -> AbstractContextManager[Runner]:
    if engine is None:
        edition = choice.build_arguments.get("EDITION", "")
        return nullcontext(process_runner(container_dir, profile, gpu=gpu, edition=edition))
    return container_runner(engine, container_dir, choice, model_dir, profile, gpu=gpu)


def _print(result: Rehearsal) -> None:
    table = cases_table(result)
    typer.echo()
    if sys.stdout.isatty():
        rich.print(table.for_terminal())
    else:
        typer.echo(table.as_markdown() + "\n")
    for subject, finding in findings_of(result):
        typer.echo(f"{subject}: {finding.severity}: {finding.platform_says}")
        typer.echo(f"    {finding.explanation}")
    typer.echo(rules_summary(result))
    for gap in result.gaps:
        typer.echo(f"Not imitated: {gap}")
    if result.score is not None and result.score.score is not None:
        typer.echo(f"{result.score.score_name}: {result.score.score:.4f}")
    typer.echo(f"\n{result.verdict}")
