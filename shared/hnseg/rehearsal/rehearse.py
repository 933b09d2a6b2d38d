"""The rehearsal from case folders to a result. Read this first."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.evaluation.files.pairs import FilePair
from hnseg.evaluation.report import ScoreReport
from hnseg.evaluation.scoring import score_pairs
from hnseg.imaging.files.reading import read_volume
from hnseg.platform.spec import ChallengeSpec
from hnseg.rehearsal.case_run import Run, Tell
from hnseg.rehearsal.cases import CaseFolder, first_image, size_bytes, workplace
from hnseg.rehearsal.findings import Finding, warning
from hnseg.rehearsal.judging.answers import Answer, import_answers
from hnseg.rehearsal.judging.logs import Log, read_log
from hnseg.rehearsal.judging.outputs import Imported, import_output
from hnseg.rehearsal.judging.placement import check_placement
from hnseg.rehearsal.judging.verdict import judge_run
from hnseg.rehearsal.machine import this_machine
from hnseg.rehearsal.profile import Profile
from hnseg.rehearsal.results import CaseResult, ModelFacts, Rehearsal
from hnseg.rehearsal.running.runners import Stage
from hnseg.version import __version__


@dataclass(frozen=True)
class Plan:
    """What is rehearsed.

    Attributes:
        spec: The challenge.
        cases: Each runs once.
        model_dir: Mounted as /opt/ml/model.
        profile: The limits.
        keep_dir: Receives each case's output and logs, in a folder of the case's name.
        edition: Which edition of the challenge; empty for its default. By its rules the cases are scored.
    """

    spec: ChallengeSpec
    cases: Sequence[CaseFolder]
    model_dir: Path
    profile: Profile
    keep_dir: Path
    edition: str = ""


@dataclass(frozen=True)
class _Collected:
    """What a container left: its one image, relative to /output, and its answers by slug."""

    output_file: str | None
    answers: dict[str, Answer]


def rehearse(plan: Plan, stage: Stage, tell: Tell) -> Rehearsal:
    """Run every case on a stage, judge it as the platform would, and score it.

    Args:
        plan: What is rehearsed.
        stage: Where the cases run.
        tell: Gets a line when a case begins and ends.

    Raises:
        EngineError: The engine fails at something that is not the container's doing.
    """
    refused = any(finding.severity == "failure" for finding in stage.findings)
    cases = [] if refused else [_rehearse_case(plan, stage, case, tell) for case in plan.cases]
    score, notes = _score(plan, cases)
    cases = [_with_structures(case, score) for case in cases]
    passed = not refused and all(case.passed for case in cases)
    model = plan.model_dir
    return Rehearsal(
        created=datetime.now(tz=timezone.utc),
        hnseg_version=__version__,
        challenge=plan.spec.name,
        title=plan.spec.title,
        passed=passed,
        verdict=_verdict(stage.findings, cases),
        engine=stage.name,
        image=stage.image,
        model=ModelFacts(
            name=model.name, files=sum(path.is_file() for path in model.rglob("*")), size_gb=size_bytes(model) / 1e9
        ),
        machine=this_machine(),
        limits=plan.profile.rules,
        gaps=stage.gaps,
        findings=(*stage.findings, *notes),
        cases=tuple(cases),
        score=score,
    )


def _rehearse_case(plan: Plan, stage: Stage, case: CaseFolder, tell: Tell) -> CaseResult:
    tell(f"{case.name}: running")
    keep = plan.keep_dir / case.name
    shutil.rmtree(keep, ignore_errors=True)
    with workplace(case, plan.model_dir) as work:
        run = stage.run(work)
        stdout, stderr = read_log(work.stdout, plan.profile), read_log(work.stderr, plan.profile)
        findings = judge_run(run, stdout, stderr, plan.profile)
        failed = any(finding.severity == "failure" for finding in findings)
        # As on the platform, nothing is collected from a container that failed.
        collected = _Collected(None, {}) if failed else _collect(plan, case, work.output_dir, findings)
        shutil.copytree(work.output_dir, keep / "output")
        for log in (work.stdout, work.stderr):
            shutil.copy(log, keep)
    result = _result(plan, case, run, findings, collected, (stdout, stderr))
    tell(f"{case.name}: {'passed' if result.passed else result.platform_says} ({run.seconds:.1f} s)")
    return result


def _collect(plan: Plan, case: CaseFolder, output_dir: Path, findings: list[Finding]) -> _Collected:
    """Import what a container left, adding what was found."""
    spec = plan.spec
    imported = import_output(spec.output, output_dir, plan.profile, spec.answers)
    answers = import_answers(spec.answers, output_dir, case.expected_dir)
    findings += [*imported.findings, *answers.findings, *_placement(spec, case, imported)]
    output_file = None if imported.path is None else imported.path.relative_to(output_dir).as_posix()
    return _Collected(output_file, answers.answers)


def _result(
    plan: Plan, case: CaseFolder, run: Run, findings: list[Finding], collected: _Collected, logs: tuple[Log, Log]
) -> CaseResult:
    failures = [finding for finding in findings if finding.severity == "failure"]
    stdout, stderr = logs
    return CaseResult(
        name=case.name,
        passed=not failures,
        platform_says=failures[0].headline if failures else "",
        findings=tuple(findings),
        time_s=run.seconds,
        time_limit_s=plan.profile.time_limit_s,
        startup_s=run.startup_s,
        exit_code=run.exit_code,
        timed_out=run.timed_out,
        memory_killed=run.memory_killed,
        peak_program_gib=run.memory.program_gib,
        peak_total_gib=run.memory.total_gib,
        memory_source=run.memory.source,
        peak_vram_gib=run.vram_gib,
        output_file=collected.output_file,
        has_reference=case.reference(plan.spec.output.relative_path) is not None,
        structures={},
        answers=collected.answers,
        provenance=_provenance(stdout),
        stdout_tail=stdout.lines,
        stderr_tail=stderr.lines,
    )


def _placement(spec: ChallengeSpec, case: CaseFolder, imported: Imported) -> list[Finding]:
    """Compare an output with the input whose grid it must have, and with the reference."""
    if imported.image is None:
        return []
    socket = spec.input(spec.output.on_grid_of)
    references = {
        socket.title: first_image(case.input_dir / socket.relative_path),
        "reference label map": case.reference(spec.output.relative_path),
    }
    for title, path in references.items():
        reference = None if path is None else _read(path, title)
        if reference is None:
            continue
        found = check_placement(imported.image, reference, output_title=spec.output.title, reference_title=title)
        if found:
            return found
    return []


def _read(path: Path, title: str) -> sitk.Image | None:
    try:
        return read_volume(path, title=title)
    except InputError:  # a case may be broken on purpose
        return None


def _provenance(stdout: Log) -> dict[str, Any] | None:
    for line in reversed(stdout.lines):
        if not line.startswith("{"):
            continue
        try:
            story = json.loads(line)
        except ValueError:
            continue
        if isinstance(story, dict):
            return story
    return None


def _score(plan: Plan, results: Sequence[CaseResult]) -> tuple[ScoreReport | None, tuple[Finding, ...]]:
    folders = {case.name: case for case in plan.cases}
    pairs = [
        pair for result in results if result.passed and (pair := _pair(plan, result, folders[result.name])) is not None
    ]
    if not pairs:
        return None, ()
    try:
        return score_pairs(plan.spec.name, (pair.read() for pair in pairs), edition=plan.edition or None), ()
    except InputError as error:
        return None, (warning("evaluation", f"The cases could not be scored: {error}"),)


def _pair(plan: Plan, result: CaseResult, case: CaseFolder) -> FilePair | None:
    """Return a case's outputs beside its references; None where there are not both label maps."""
    reference = case.reference(plan.spec.output.relative_path)
    if result.output_file is None or reference is None:
        return None
    output_dir = plan.keep_dir / result.name / "output"
    return FilePair(
        result.name,
        output_dir / result.output_file,
        reference,
        predicted_values=tuple(output_dir / socket.relative_path for socket in plan.spec.answers),
        # All there are: what an answer is compared with may need more than the answer that was right.
        expected_values=tuple(sorted(case.expected_dir.rglob("*.json"))),
    )


def _with_structures(case: CaseResult, score: ScoreReport | None) -> CaseResult:
    scored = {} if score is None else {of_case.name: of_case.structures for of_case in score.cases}
    return case.model_copy(update={"structures": scored.get(case.name, {})})


def _verdict(findings: Sequence[Finding], cases: Sequence[CaseResult]) -> str:
    refused = next((finding for finding in findings if finding.severity == "failure"), None)
    if refused:
        return f"The platform would refuse this: {refused.headline}"
    failed = [case for case in cases if not case.passed]
    if not failed:
        return f"Passed: all {len(cases)} cases." if len(cases) > 1 else "Passed: the one case."
    first = f"{failed[0].name}: {failed[0].platform_says}"
    if len(cases) == 1:
        return f"The one case failed, {first}"
    return f"{len(failed)} of {len(cases)} cases failed, and one is enough to fail a submission. {first}"
