"""Verdict on a server that answers several cases with the output of one.

The platform takes such an output; only the score shows that the server reads its case once and never again.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import SimpleITK as sitk

from hnseg.imaging.files.checksum import sha256_of
from hnseg.rehearsal.findings import Finding, failure, warning
from hnseg.rehearsal.request import Request
from hnseg.rehearsal.results import CaseResult


def judge_repeats(request: Request, results: Sequence[CaseResult]) -> list[CaseResult]:
    """Return the results, failed where an image that is not the same all over is that of an earlier case.

    It must have had another input. The images are the label maps and the maps beside them.

    Args:
        request: Cases, whose outputs are kept.
        results: Results of the cases that one server was given, in their order.
    """
    first_of: dict[tuple[str, str], CaseResult] = {}
    return [_judged(request, result, first_of) if result.passed else result for result in results]


def note_on_one_case(results: Sequence[CaseResult]) -> tuple[Finding, ...]:
    """Return a warning where a server was given one case alone."""
    if len(results) != 1:
        return ()
    text = "The server was given one case, so whether it reads the next one was not seen. Name several with --case."
    return (warning("run", text),)


def _judged(request: Request, result: CaseResult, first_of: dict[tuple[str, str], CaseResult]) -> CaseResult:
    titles = {socket.slug: socket.title for socket in request.spec.maps}
    files = {"label map": str(result.output_file), **{titles[slug]: path for slug, path in result.maps.items()}}
    for title, name in files.items():
        path = request.output_dir(result.name) / name
        earlier = first_of.setdefault((title, sha256_of(path)), result)
        if earlier is not result and _has_another_input(request, earlier, result) and not _is_constant(path):
            return _failed(result, earlier, title)
    return result


def _has_another_input(request: Request, one: CaseResult, other: CaseResult) -> bool:
    first, second = (_input_sha256(request.case(result.name).input_dir / "images") for result in (one, other))
    return first != second


def _input_sha256(folder: Path) -> list[str]:
    return sorted(sha256_of(path) for path in folder.rglob("*") if path.is_file())


def _is_constant(path: Path) -> bool:
    """Return whether all voxels are the same: an empty label map, or a map that says that nothing is known."""
    voxels = sitk.GetArrayFromImage(sitk.ReadImage(str(path)))
    return bool((voxels == voxels.flat[0]).all())


def _failed(result: CaseResult, earlier: CaseResult, title: str) -> CaseResult:
    finding = failure(
        "evaluation",
        "",
        f"Its {title} is that of {earlier.name} to the last bit, though their images differ. Does the server read"
        " its case only once? The platform would take it, and score it against the wrong case.",
    )
    update = {"passed": False, "platform_says": finding.headline, "findings": (*result.findings, finding)}
    return result.model_copy(update=update)
