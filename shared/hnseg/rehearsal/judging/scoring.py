"""Scores of the cases that passed, by the challenge's own measures."""

from __future__ import annotations

from collections.abc import Sequence

from hnseg.errors import InputError
from hnseg.evaluation.files.pairs import FilePair
from hnseg.evaluation.report import ScoreReport
from hnseg.evaluation.scoring import score_pairs
from hnseg.rehearsal.findings import Finding, warning
from hnseg.rehearsal.request import Request
from hnseg.rehearsal.results import CaseResult


def score_cases(
    request: Request, results: Sequence[CaseResult]
) -> tuple[tuple[CaseResult, ...], ScoreReport | None, tuple[Finding, ...]]:
    """Score every case that passed and has a reference.

    Args:
        request: Request whose kept outputs are compared with the cases' references.
        results: Results of the cases, not yet scored.

    Returns:
        The results with the metrics of their structures; the score, None where no case could be scored; and a warning
        where the challenge's measures refuse the cases.
    """
    pairs = _pairs(request, results)
    if not pairs:
        return tuple(results), None, ()
    try:
        score = score_pairs(request.spec.name, (pair.read() for pair in pairs), edition=request.edition or None)
    except InputError as error:
        return tuple(results), None, (warning("evaluation", f"The cases could not be scored: {error}"),)
    structures = {scored.name: scored.structures for scored in score.cases}
    with_structures = (result.model_copy(update={"structures": structures.get(result.name, {})}) for result in results)
    return tuple(with_structures), score, ()


def _pairs(request: Request, results: Sequence[CaseResult]) -> list[FilePair]:
    """Return the files to compare, of every case that passed and has a reference."""
    passed = (result for result in results if result.passed)
    return [pair for result in passed if (pair := _pair(request, result)) is not None]


def _pair(request: Request, result: CaseResult) -> FilePair | None:
    """Return a case's outputs with its references; None where one of the two label maps is missing."""
    case = request.case(result.name)
    reference = case.reference(request.spec.output.relative_path)
    if result.output_file is None or reference is None:
        return None
    output_dir = request.output_dir(result.name)
    return FilePair(
        result.name,
        output_dir / result.output_file,
        reference,
        predicted_values=tuple(output_dir / socket.relative_path for socket in request.spec.answers),
        # All there are: a measure of an answer may need more than the expected answer, such as whether it is censored.
        expected_values=tuple(sorted(case.expected_dir.rglob("*.json"))),
    )
