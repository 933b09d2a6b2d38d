"""Verdict on a server that answers several cases with the output of one.

The platform takes such an output; only the score shows that the server reads its case once and never again.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import SimpleITK as sitk

from hnseg.inference.model.manifest import sha256_of
from hnseg.rehearsal.findings import Finding, failure, warning
from hnseg.rehearsal.request import Request
from hnseg.rehearsal.results import CaseResult


def judge_repeats(request: Request, results: Sequence[CaseResult]) -> list[CaseResult]:
    """Return the results, failed where a label map that is not empty is that of an earlier case with another input.

    Args:
        request: Cases, whose outputs are kept.
        results: Results of the cases that one server was given, in their order.
    """
    first_of: dict[str, CaseResult] = {}
    return [_judged(request, result, first_of) if result.passed else result for result in results]


def note_on_one_case(results: Sequence[CaseResult]) -> tuple[Finding, ...]:
    """Return a warning where a server was given one case alone."""
    if len(results) != 1:
        return ()
    text = "The server was given one case, so whether it reads the next one was not seen. Name several with --case."
    return (warning("run", text),)


def _judged(request: Request, result: CaseResult, first_of: dict[str, CaseResult]) -> CaseResult:
    path = request.output_dir(result.name) / str(result.output_file)
    earlier = first_of.setdefault(sha256_of(path), result)
    if earlier is result or not _has_another_input(request, earlier, result) or not _has_labels(path):
        return result
    return _failed(result, earlier)


def _has_another_input(request: Request, one: CaseResult, other: CaseResult) -> bool:
    first, second = (_input_sha256(request.case(result.name).input_dir / "images") for result in (one, other))
    return first != second


def _input_sha256(folder: Path) -> list[str]:
    return sorted(sha256_of(path) for path in folder.rglob("*") if path.is_file())


def _has_labels(path: Path) -> bool:
    return bool(sitk.GetArrayFromImage(sitk.ReadImage(str(path))).any())


def _failed(result: CaseResult, earlier: CaseResult) -> CaseResult:
    finding = failure(
        "evaluation",
        "",
        f"Its label map is that of {earlier.name} to the last bit, though their images differ. Does the server read"
        " its case only once? The platform would take it, and score it against the wrong case.",
    )
    update = {"passed": False, "platform_says": finding.headline, "findings": (*result.findings, finding)}
    return result.model_copy(update=update)
