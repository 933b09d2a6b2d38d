"""Command `hnseg rehearse`: the platform's verdict, before the upload."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

import rich
import typer

from hnseg.cli.options.rehearsal import (
    ApiMethod,
    ApiMethodOption,
    BaseImageOption,
    BuildArgOption,
    CasesOption,
    ContainerArgument,
    EngineOption,
    FromInputsOption,
    FromOutputOption,
    GpuOption,
    ImageOption,
    Importer,
    ImporterOption,
    InputsJson,
    InputsJsonOption,
    LimitOption,
    ModelOption,
    NewSpecOption,
    ProfileOption,
    RamOption,
    ReportOption,
    Strictness,
    StrictnessOption,
)
from hnseg.cli.options.rehearsal_target import find_target
from hnseg.cli.options.run import EditionOption
from hnseg.errors import InputError
from hnseg.imaging.files.output_folders import check_replaceable
from hnseg.platform.challenge import load_challenge
from hnseg.platform.spec import ChallengeSpec
from hnseg.printable import printable
from hnseg.rehearsal.cases import CaseFolder, find_cases
from hnseg.rehearsal.judging.importer.check import check_panimg
from hnseg.rehearsal.judging.provenance import ShownProvenance
from hnseg.rehearsal.preparing.input_list import Dialect
from hnseg.rehearsal.preparing.new_spec.writing import write_spec
from hnseg.rehearsal.preparing.spec_file import load_spec
from hnseg.rehearsal.profile import Profile, profile_of
from hnseg.rehearsal.profile_file import ProfileFile, merged, read_profile
from hnseg.rehearsal.rehearse import rehearse
from hnseg.rehearsal.report.page import check_report, write_report
from hnseg.rehearsal.report.summary import summary_of
from hnseg.rehearsal.report.table import cases_table, findings_of, rules_summary
from hnseg.rehearsal.request import Request
from hnseg.rehearsal.results import Rehearsal
from hnseg.rehearsal.running.runners import ImageChoice
from hnseg.rehearsal.running.workplace import model_folder, no_model
from hnseg.signals import sigterm_unwinds

EXAMPLES = (
    "hnseg rehearse containers/hecktor --report build/rehearsal",
    "hnseg rehearse containers/hecktor --model model --case cases/case_000 --engine process",
    "hnseg rehearse my_challenge --image my-image:latest --case cases/case_000",
)


def command(  # noqa: PLR0913 (one parameter an option)
    container_dir: ContainerArgument = None,
    *,
    case: CasesOption = None,
    model: ModelOption = None,
    edition: EditionOption = "",
    image: ImageOption = "",
    engine: EngineOption = None,
    report: ReportOption = None,
    base_image: BaseImageOption = "",
    api_method: ApiMethodOption = None,
    build_arg: BuildArgOption = None,
    limit_s: LimitOption = None,
    ram_gib: RamOption = None,
    profile: ProfileOption = "",
    as_strict_as: StrictnessOption = Strictness.STRICTER,
    inputs_json: InputsJsonOption = InputsJson.TODAY,
    importer: ImporterOption = Importer.OWN,
    gpu: GpuOption = True,
    new_spec: NewSpecOption = None,
    from_inputs: FromInputsOption = None,
    from_output: FromOutputOption = None,
) -> None:
    """Run a challenge's container on cases under the platform's limits, and judge it as the platform would.

    Status 0: every case passed. Status 1: one failed, which there fails the whole submission.
    """
    if container_dir is None or new_spec is not None:
        _write_spec(container_dir, new_spec, from_inputs, from_output)
    asks_panimg = importer is Importer.PANIMG
    if asks_panimg:
        check_panimg()
    files = read_profile(profile) if profile else []
    method = _method_to_build(api_method, files)
    choice = ImageChoice(
        image, _build_arguments(build_arg or [], BASE_IMAGE=base_image, API_METHOD=method, EDITION=edition)
    )
    spec = _described(container_dir, choice)
    with sigterm_unwinds(), _materials(container_dir.resolve(), case or [], _Model(model, choice), report) as given:
        target = find_target(engine, container_dir, choice)
        files = files or read_profile(target.api_method)
        limits = profile_of(
            spec.limits, files=files, time_limit_s=limit_s, ram_gib=ram_gib, confinement=as_strict_as.value
        ).of_job(len(given.cases))
        target.check(limits)
        request = given.request(spec, limits, choice.edition, inputs_json.dialects, asks_panimg=asks_panimg)
        with target.runner(given.model_dir, limits, gpu=gpu) as runner:
            result = rehearse(request, runner, typer.echo)
        _print(result)
        if report:
            typer.echo(f"\nReport: {printable(str(write_report(request, result, report)))}")
    raise typer.Exit(0 if result.passed else 1)


def _write_spec(container_dir: Path | None, folder: Path | None, inputs: Path | None, output: Path | None) -> NoReturn:
    """Write a new challenge's description, say what is to be edited, and end.

    Raises:
        typer.Exit: It is written.
        InputError: The example does not describe a challenge.
        OutputError: The description can't be written, or there is one already.
    """
    if container_dir is not None or folder is None or inputs is None or output is None:
        raise typer.BadParameter(
            "CONTAINER_DIR must be given, the challenge's folder, such as containers/hnts_mrg; or, in place of it,"
            " --new-spec with --from-inputs and --from-output"
        )
    written = write_spec(folder, inputs, output)
    typer.echo(f"Written: {printable(str(written.file))}. What the example does not settle:")
    for doubt in written.doubts:
        typer.echo(f"* {printable(doubt)}")
    case = shlex.quote(printable(str(written.case_dir)))
    typer.echo(f"Then: hnseg rehearse {shlex.quote(printable(str(folder)))} --image TAG --case {case}")
    raise typer.Exit(0)


def _described(container_dir: Path, choice: ImageChoice) -> ChallengeSpec:
    """Return the challenge's description; beside an image that exists nothing else is needed.

    Raises:
        InputError: The folder has none, or lacks the method that an image is to be built of.
    """
    if choice.tag:
        return load_spec(container_dir, choice.edition)
    return load_challenge(container_dir, choice.edition).spec


@dataclass(frozen=True)
class _Model:
    """Choice of the weights.

    Attributes:
        path: Folder or archive that was named; None for none.
        choice: Image, which may have its weights inside where it exists.
    """

    path: Path | None
    choice: ImageChoice

    def folder(self, shipped: Path) -> AbstractContextManager[Path]:
        """Return a context that yields the folder to mount: the named one's, the shipped one, or an empty one.

        Raises:
            ModelError: There is none, or its archive can't be unpacked.
        """
        if self.path is None and self.choice.tag and not shipped.exists():
            return no_model()
        return model_folder(self.path or shipped)


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

    def request(
        self, spec: ChallengeSpec, limits: Profile, edition: str, dialects: tuple[Dialect, ...], *, asks_panimg: bool
    ) -> Request:
        """Return the request for a rehearsal with these."""
        return Request(spec, self.cases, self.model_dir, limits, self.keep_dir, edition, dialects, asks_panimg)


@contextmanager
def _materials(container_dir: Path, cases: list[Path], model: _Model, report: Path | None) -> Iterator[_Materials]:
    """Find the cases and the model, the shipped ones where none is named, and a folder for outputs and logs.

    Raises:
        InputError: There is no case.
        OutputError: The report can't be written.
    """
    shipped = container_dir.parent.parent / "test_data" / container_dir.name
    found = find_cases(cases or sorted(shipped.glob("case_*")))
    if not found:
        raise InputError(f"There must be a case to rehearse, but {shipped} has none. Name one with --case.")
    with model.folder(shipped / "model") as model_dir, TemporaryDirectory(prefix="hnseg-") as temporary:
        given = _Materials(found, model_dir, report / "cases" if report else Path(temporary))
        if report:
            _check_report(report, given)
        yield given


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
    return "" if wanted in (None, "any") else wanted


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
    for case in result.cases:
        for flag in ShownProvenance.of(case.provenance).structure_flags:
            typer.echo(f"{case.name}: look at {flag.structure or 'it'}: {printable(flag.sentence)}")
    typer.echo(rules_summary(result))
    for gap in result.gaps:
        typer.echo(f"Not imitated: {gap}")
    if result.score is not None and result.score.score is not None:
        typer.echo(f"{result.score.score_name}: {result.score.score:.4f}")
    typer.echo(f"\nSummary to paste, as on the report's page:\n\n{summary_of(result)}")
    typer.echo(result.verdict)
