"""Rehearsal from case folders to a result. Read this first.

`running` runs a case and records facts, `judging` turns the facts into findings, `report` shows them.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

from hnseg.errors import OutputError
from hnseg.platform.spec import ChallengeSpec
from hnseg.rehearsal.case_run import CaseRun, RunCase
from hnseg.rehearsal.cases import CaseFolder
from hnseg.rehearsal.findings import Finding, failure, first_failure
from hnseg.rehearsal.judging.answers import Answer, import_answers
from hnseg.rehearsal.judging.batch import judge_batch
from hnseg.rehearsal.judging.confinement import judge_confinement, may_be_confinement
from hnseg.rehearsal.judging.dialects import judge_dialect
from hnseg.rehearsal.judging.image import judge_upload
from hnseg.rehearsal.judging.importer.check import judge_by_panimg
from hnseg.rehearsal.judging.left_out import judge_left_out
from hnseg.rehearsal.judging.logs import Log, read_log
from hnseg.rehearsal.judging.maps import import_map
from hnseg.rehearsal.judging.outputs import import_output
from hnseg.rehearsal.judging.placement import judge_placement
from hnseg.rehearsal.judging.provenance import model_checksum, provenance_in
from hnseg.rehearsal.judging.repeats import judge_repeats, note_on_one_case
from hnseg.rehearsal.judging.scoring import score_cases
from hnseg.rehearsal.judging.verdict import judge_run, verdict_of
from hnseg.rehearsal.machine import this_machine
from hnseg.rehearsal.preparing.input_list import write_input_list
from hnseg.rehearsal.request import Request
from hnseg.rehearsal.results import CaseResult, ImageFacts, ModelFacts, Rehearsal
from hnseg.rehearsal.running.collection import Collection, collect_output
from hnseg.rehearsal.running.progress_lines import ProgressLines
from hnseg.rehearsal.running.removal import remove_tree
from hnseg.rehearsal.running.runners import Runner
from hnseg.rehearsal.running.workplace import Workplace, workplace
from hnseg.version import __version__

Progress = Callable[[str], None]
"""Function that receives a line when a case begins, again and again while it runs, and when it ends."""


@dataclass(frozen=True)
class _Collected:
    """Output of a case as the platform collects it; empty for a container that failed.

    Attributes:
        output_file: Path of the one label map, relative to /output; None without one.
        maps: Paths of the maps by their socket's slug, relative to /output.
        answers: Answers by their socket's slug.
        findings: Failures and warnings of the import.
    """

    output_file: str | None = None
    maps: dict[str, str] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


def rehearse(request: Request, runner: Runner, progress: Progress) -> Rehearsal:
    """Run every case, judge it as the platform would, and score the ones that passed.

    Args:
        request: Cases, weights and limits.
        runner: Runner of the cases; with an image that the platform would refuse, no case runs.
        progress: Function that receives a line when a case begins, while it runs, and when it ends.

    Raises:
        EngineError: The engine fails at something that is not the container's doing.
    """
    upload = judge_upload(runner.image, request.model_dir, request.profile)
    refused = first_failure(upload) is not None
    results = [] if refused else _rehearse_in_dialects(request, runner, progress)
    cases, score, notes = score_cases(request, results)
    return Rehearsal(
        created=datetime.now(tz=timezone.utc),
        hnseg_version=__version__,
        challenge=request.spec.name,
        title=request.spec.title,
        passed=not refused and all(case.passed for case in cases),
        verdict=verdict_of(upload, cases),
        engine=runner.name,
        image=None if runner.image is None else ImageFacts.of(runner.image),
        model=ModelFacts.of(request.model_dir, sha256=_model_checksum(cases)),
        machine=this_machine(),
        profile=request.profile.name,
        limits=request.profile.rules,
        gaps=runner.gaps,
        findings=(*upload, *(note_on_one_case(results) if runner.serves else ()), *notes),
        cases=cases,
        score=score,
    )


def _rehearse_in_dialects(request: Request, runner: Runner, progress: Progress) -> list[CaseResult]:
    """Rehearse the cases in the request's first dialect of inputs.json, and tell what is different in the others."""
    results = _rehearse_job(request, runner, progress)
    for dialect in request.dialects[1:]:
        progress(f"Once more with inputs.json in the dialect {dialect.value}")
        with TemporaryDirectory(prefix="hnseg-") as folder:
            other = replace(request, dialects=(dialect,), keep_dir=Path(folder))
            again = _rehearse_job(other, runner, progress)
        results = [judge_dialect(*pair, dialect) for pair in zip(results, again, strict=True)]
    return results


def _rehearse_job(request: Request, runner: Runner, progress: Progress) -> list[CaseResult]:
    """Rehearse the cases, and let one that fails fail all where they are a batch."""
    results = _rehearse_confined(request, runner, progress)
    return judge_batch(results, request.profile) if request.profile.sums_time_limits else results


def _rehearse_confined(request: Request, runner: Runner, progress: Progress) -> list[CaseResult]:
    """Rehearse the cases under the stricter confinement and, where that may be why one fails, under the platform's."""
    results = _rehearse_cases(request, runner, progress)
    if runner.there is None or not any(may_be_confinement(result) for result in results):
        return results
    failed = [case for case, result in zip(request.cases, results, strict=True) if may_be_confinement(result)]
    cases = request.cases if runner.serves else failed  # what a server does may depend on the cases before
    progress("Once more, confined no more strictly than on the platform")
    there = replace(request, cases=cases, profile=request.profile.as_strict_as_platform())
    again = {result.name: result for result in _rehearse_cases(there, runner.there, progress)}
    return [judge_confinement(result, again.get(result.name, result), request.profile) for result in results]


def _rehearse_cases(request: Request, runner: Runner, progress: Progress) -> list[CaseResult]:
    with runner.open() as run_case:
        results = [_rehearse_case(request, run_case, case, progress) for case in request.cases]
    return judge_repeats(request, results) if runner.serves else results


def _rehearse_case(request: Request, run_case: RunCase, case: CaseFolder, progress: Progress) -> CaseResult:
    progress(f"{case.name}: running")
    may_write_model = request.profile.confinement == "platform"
    with workplace(case, request.model_dir, may_write_model=may_write_model) as work:
        write_input_list(request.spec, work.input_dir, request.dialects[0])
        run = _watched(run_case, work, lambda line: progress(f"{case.name}: {line}"))
        stdout, stderr = read_log(work.stdout, request.profile), read_log(work.stderr, request.profile)
        findings = judge_run(run, stdout, stderr, request.profile)
        # As on the platform, nothing is collected from a container that failed; it is kept all the same.
        collected = _keep_and_collect(request, case, work, is_wanted=first_failure(findings) is None)
    result = _result(request, case, run, collected, (*findings, *collected.findings), (stdout, stderr))
    progress(f"{case.name}: {'passed' if result.passed else result.platform_says} ({run.seconds:.1f} s)")
    return result


def _watched(run_case: RunCase, work: Workplace, progress: Progress) -> CaseRun:
    """Run a case, and pass on meanwhile how far its program says it is."""
    lines = ProgressLines(progress)
    with lines.running():
        return run_case(replace(work, listener=lines.add))


def _keep_and_collect(request: Request, case: CaseFolder, work: Workplace, *, is_wanted: bool) -> _Collected:
    """Keep the output and the logs of a run in place of a former run's, and import the output where that is wanted."""
    folder = request.keep_dir / case.name
    remove_tree(folder)
    try:
        kept = collect_output(work.output_dir, request.output_dir(case.name))
        _keep_logs(work, folder)
    except OutputError as error:
        remove_tree(folder)
        return _Collected(findings=(failure("import", "", str(error)),))
    return _collect(request, case, kept) if is_wanted else _Collected()


def _keep_logs(work: Workplace, folder: Path) -> None:
    try:
        for log in (work.stdout, work.stderr):
            shutil.copy(log, folder)
    except OSError as error:
        raise OutputError(f"The logs must be copied to {folder}, but that failed: {error.strerror}.") from error


def _collect(request: Request, case: CaseFolder, kept: Collection) -> _Collected:
    """Import the output and the answers of a case, and compare the output's grid with those it must have.

    All of it is read from the copy, so that no link, pipe or device of the container is ever opened.
    """
    spec = request.spec
    declared = [*(socket.relative_path for socket in spec.maps), *(socket.relative_path for socket in spec.answers)]
    imported = import_output(spec.output, kept.folder, request.profile, declared)
    asked_for = spec.image_outputs if request.asks_panimg else ()
    asked = [found for socket in asked_for for found in judge_by_panimg(socket, kept.folder)]
    answers = import_answers(spec.answers, kept.folder, case.expected_dir)
    placement = [] if imported.image is None else judge_placement(imported.image, spec, case)
    maps, of_maps = _collect_maps(spec, case, kept)
    return _Collected(
        output_file=None if imported.path is None else _path_in(kept, imported.path),
        maps=maps,
        answers=answers.answers,
        findings=(*judge_left_out(kept, spec), *imported.findings, *asked, *answers.findings, *placement, *of_maps),
    )


def _collect_maps(spec: ChallengeSpec, case: CaseFolder, kept: Collection) -> tuple[dict[str, str], list[Finding]]:
    """Return the files of the maps by their socket's slug, and the findings on all of them."""
    files: dict[str, str] = {}
    findings: list[Finding] = []
    for socket in spec.maps:
        imported = import_map(socket, kept.folder, spec)
        findings += imported.findings
        if imported.path is not None and imported.image is not None:
            files[socket.slug] = _path_in(kept, imported.path)
            findings += (
                [] if socket.kind == "other" else judge_placement(imported.image, spec, case, title=socket.title)
            )
    return files, findings


def _path_in(kept: Collection, path: Path) -> str:
    return path.relative_to(kept.folder).as_posix()


def _result(
    request: Request,
    case: CaseFolder,
    run: CaseRun,
    collected: _Collected,
    findings: tuple[Finding, ...],
    logs: tuple[Log, Log],
) -> CaseResult:
    """Return the result of a case that is not scored yet; `logs` are stdout and stderr."""
    failed = first_failure(findings)
    stdout, stderr = logs
    return CaseResult(
        name=case.name,
        passed=failed is None,
        platform_says=failed.headline if failed else "",
        findings=findings,
        time_s=run.seconds,
        time_limit_s=request.profile.time_limit_s,
        startup_s=run.startup_s,
        exit_code=run.exit_code,
        timed_out=run.timed_out,
        memory_killed=run.memory_killed,
        peak_program_gib=run.memory.program_gib,
        peak_total_gib=run.memory.total_gib,
        memory_source=run.memory.source,
        peak_vram_gib=run.vram_gib,
        output_file=collected.output_file,
        maps=collected.maps,
        has_reference=case.reference(request.spec.output.relative_path) is not None,
        structures={},
        answers=collected.answers,
        provenance=provenance_in(stdout),
        stdout_tail=stdout.lines,
        stderr_tail=stderr.lines,
    )


def _model_checksum(cases: Sequence[CaseResult]) -> str:
    """Return the checksum of the model that the first case tells of; empty where none does."""
    return next((found for case in cases if (found := model_checksum(case.provenance))), "")
