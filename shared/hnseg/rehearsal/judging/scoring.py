"""Scores of the cases that passed: by the challenge's own measures, or by Dice alone where none are known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hnseg.discovery import challenge_names
from hnseg.errors import InputError
from hnseg.evaluation.files.pairs import FilePair, Pair
from hnseg.evaluation.measures.aggregated import CaseOverlaps, aggregated_report
from hnseg.evaluation.measures.overlap import overlap_of
from hnseg.evaluation.report import ScoreReport
from hnseg.evaluation.scoring import CHALLENGES, score_pairs
from hnseg.imaging.geometry import Grid, array_of
from hnseg.platform.spec import ChallengeSpec
from hnseg.rehearsal.findings import Finding, warning
from hnseg.rehearsal.request import Request
from hnseg.rehearsal.results import CaseResult

PLAIN_SCORE = "mean DSCagg, not the challenge's own score"
"""Name of the score of a challenge whose measures are not known here."""


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
        score = _score(request, (pair.read() for pair in pairs))
    except InputError as error:
        return tuple(results), None, (warning("evaluation", f"The cases could not be scored: {error}"),)
    structures = {scored.name: scored.structures for scored in score.cases}
    with_structures = (result.model_copy(update={"structures": structures.get(result.name, {})}) for result in results)
    return tuple(with_structures), score, ()


def _score(request: Request, pairs: Iterable[Pair]) -> ScoreReport:
    """Score by the measures of the challenge's name, or by Dice where there are none.

    Raises:
        InputError: A label map breaks the rules of the measures.
    """
    spec = request.spec
    if _has_measures(spec):
        return score_pairs(spec.name, pairs, edition=request.edition or None)
    report = aggregated_report(spec.name, list(spec.output.labels.values()), (_overlaps(pair, spec) for pair in pairs))
    note = f"No measures of {spec.title} are known here: its label maps were compared by DSC alone."
    return report.model_copy(update={"score_name": PLAIN_SCORE, "notes": (*report.notes, note)})


def _has_measures(spec: ChallengeSpec) -> bool:
    return spec.name in challenge_names(CHALLENGES)


def _overlaps(pair: Pair, spec: ChallengeSpec) -> CaseOverlaps:
    """Return the overlap of each of a case's structures, voxel by voxel.

    Raises:
        InputError: Prediction and reference differ in their size.
    """
    predicted, present = array_of(pair.prediction), array_of(pair.reference)
    if predicted.shape != present.shape:
        raise InputError(
            f"The reference of {pair.name} must have as many voxels as the label map, but has {present.shape}, and the"
            f" label map {predicted.shape} (z, y, x). Is it that of another case?"
        )
    volume_mm3 = Grid.of(pair.reference).voxel_volume_mm3
    overlaps = {
        name: overlap_of(predicted, present, label=label, voxel_volume_mm3=volume_mm3)
        for label, name in spec.output.labels.items()
    }
    return CaseOverlaps(pair.name, overlaps, ())


def _pairs(request: Request, results: Sequence[CaseResult]) -> list[FilePair]:
    """Return the files to compare, of every case that passed and has a reference; none without labels to compare."""
    if not request.spec.output.labels:
        return []
    passed = (result for result in results if result.passed)
    return [pair for result in passed if (pair := _pair(request, result)) is not None]


def _pair(request: Request, result: CaseResult) -> FilePair | None:
    """Return a case's outputs with its references; None where one of the two label maps is missing."""
    case = request.case(result.name)
    reference = case.reference(request.spec.output.relative_path)
    if result.output_file is None or reference is None:
        return None
    output_dir = request.output_dir(result.name)
    if not _has_measures(request.spec):
        return FilePair(result.name, output_dir / result.output_file, reference)
    return FilePair(
        result.name,
        output_dir / result.output_file,
        reference,
        predicted_values=tuple(output_dir / socket.relative_path for socket in request.spec.answers),
        # All there are: a measure of an answer may need more than the expected answer, such as whether it is censored.
        expected_values=tuple(sorted(case.expected_dir.rglob("*.json"))),
    )
