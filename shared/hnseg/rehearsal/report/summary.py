"""Summary of a rehearsal as Markdown, to be pasted into a message or an issue.

It names no case and quotes no program's output: the folders of cases may be named by patients.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from hnseg.evaluation.tables import name_of, structures_table, value_in_words
from hnseg.machine import in_gib
from hnseg.printable import printable
from hnseg.rehearsal.findings import first_failure
from hnseg.rehearsal.report.table import first_metric, mean_over_structures
from hnseg.rehearsal.results import CaseResult, Rehearsal


def summary_of(rehearsal: Rehearsal) -> str:
    """Return verdict, score, time, memory, image, model with checksum, machine and version, and the structures' table.

    Args:
        rehearsal: Result of the rehearsal.
    """
    passed = sum(case.passed for case in rehearsal.cases)
    facts = {
        "Verdict": f"{'passed' if rehearsal.passed else 'FAILED'}, {passed} of {len(rehearsal.cases)} cases passed",
        "Failed in": _failures(rehearsal),
        "Score": _score(rehearsal),
        "Time": _time(rehearsal.cases),
        "Memory": _memory(rehearsal.cases),
        "Image": _image(rehearsal),
        "Model": _model(rehearsal),
        "Machine": _machine(rehearsal),
        "Versions": f"hnseg {rehearsal.hnseg_version}, profile {rehearsal.profile},"
        f" {rehearsal.created:%Y-%m-%d %H:%M} UTC",
    }
    lines = [f"**{rehearsal.title}**", "", *(f"- {name}: {words}" for name, words in facts.items() if words)]
    if rehearsal.score is not None and rehearsal.score.structures:
        lines += ["", structures_table(rehearsal.score).as_markdown()]
    return "\n".join(lines) + "\n"


def _failures(rehearsal: Rehearsal) -> str:
    """Return how many cases failed in which phase, and the phases in which the submission did; empty without any."""
    first = [first_failure(rehearsal.findings), *(first_failure(case.findings) for case in rehearsal.cases)]
    phases = Counter(finding.stage for finding in first if finding is not None)
    return ", ".join(f"{phase} ({count})" for phase, count in phases.items())


def _score(rehearsal: Rehearsal) -> str:
    score = rehearsal.score
    if score is None:
        return ""
    number = "undefined" if score.score is None else f"{score.score:.4f}"
    metric = first_metric(rehearsal.cases)
    means = [mean_over_structures(case.structures, metric) for case in rehearsal.cases] if metric else []
    known = [mean for mean in means if mean is not None]
    lowest = f"; lowest mean {name_of(metric)} of a case {value_in_words(metric, min(known))}" if known else ""
    return f"{score.score_name} {number} over {len(score.cases)} cases{lowest}"


def _time(cases: Sequence[CaseResult]) -> str:
    if not cases:
        return ""
    most = max(cases, key=lambda case: case.time_s)
    mean = sum(case.time_s for case in cases) / len(cases)
    return f"{most.time_s:.1f} s at most of {most.time_limit_s:g} s, {mean:.1f} s on average"


def _memory(cases: Sequence[CaseResult]) -> str:
    program = _most(cases, lambda case: case.peak_program_gib)
    total = _most(cases, lambda case: case.peak_total_gib)
    vram = _most(cases, lambda case: case.peak_vram_gib)
    words = {"at most": program, "at most with the file cache": total, "of GPU memory at most": vram}
    return ", ".join(f"{in_gib(most)} {what}" for what, most in words.items() if most is not None)


def _most(cases: Sequence[CaseResult], value: Callable[[CaseResult], float | None]) -> float | None:
    return max((found for case in cases if (found := value(case)) is not None), default=None)


def _image(rehearsal: Rehearsal) -> str:
    image = rehearsal.image
    if image is None:
        return f"none, {rehearsal.engine}"
    return f"{image.tag}, sha256 {image.sha256.removeprefix('sha256:')}, {image.size_gb:.2f} GB, {rehearsal.engine}"


def _model(rehearsal: Rehearsal) -> str:
    model = rehearsal.model
    checksum = f", sha256 {model.sha256}" if model.sha256 else ""
    return f"{printable(model.name)}, {model.files} files, {model.size_gb:.3f} GB{checksum}"


def _machine(rehearsal: Rehearsal) -> str:
    machine = rehearsal.machine
    gpus = ", ".join(gpu.name for gpu in machine.gpus) or "no GPU"
    return f"{machine.cpus:g} CPUs ({machine.cpu}), {machine.ram_gib:.1f} GiB memory, {gpus}"
