"""Scoring of predictions by the rules of a challenge, found by its name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hnseg.discovery import challenge_module
from hnseg.evaluation.files.pairs import Pair, left_out_in_words, pair_files
from hnseg.evaluation.options import parse_options
from hnseg.evaluation.report import ScoreReport

CHALLENGES = "hnseg.evaluation.challenges"
"""Package with one scoring module a challenge."""


@dataclass(frozen=True)
class Rules:
    """Rules of a score, where the challenge leaves a choice.

    Attributes:
        edition: Year of the rules, for a challenge whose rules changed; None for its latest.
        options: Values of the challenge's own options by name, see `hnseg.evaluation.options`.
        leave_out_missing: Whether a case without a prediction is left out instead of refused.
    """

    edition: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    leave_out_missing: bool = False


def score_folder(
    challenge: str, predictions_dir: Path, references_dir: Path, rules: Rules | None = None
) -> ScoreReport:
    """Score the label maps of one folder against those of another.

    Only one case at a time is in memory.

    Args:
        challenge: Name of the challenge's folder, such as hnts_mrg.
        predictions_dir: Folder with one label map a case and, where the challenge asks for more, a JSON file beside it.
        references_dir: Folder with as many references, paired by name, see `hnseg.evaluation.files.pairs`.
        rules: Rules of the score; the challenge's default ones if not given.

    Raises:
        InputError: The challenge or an option is unknown, files don't pair, or one breaks the challenge's rules.

    >>> from tempfile import TemporaryDirectory
    >>> import SimpleITK as sitk
    >>> label_map = sitk.Image([4, 4, 4], sitk.sitkUInt8)
    >>> label_map[1, 1, 1], label_map[2, 2, 2] = 1, 2
    >>> with TemporaryDirectory() as folder:
    ...     sitk.WriteImage(label_map, Path(folder, "77.mha"))
    ...     report = score_folder("hnts_mrg", Path(folder), Path(folder))
    >>> report.score_name, report.score
    ('mean DSCagg', 1.0)
    """
    rules = rules or Rules()
    files = pair_files(predictions_dir, references_dir, leave_out_missing=rules.leave_out_missing)
    pairs = (pair.read() for pair in files.pairs)
    report = score_pairs(challenge, pairs, edition=rules.edition, options=rules.options)
    notes = (*left_out_in_words(files.unpredicted), *files.notes)
    return report.model_copy(update={"notes": (*report.notes, *notes)}) if notes else report


def score_pairs(
    challenge: str, pairs: Iterable[Pair], *, edition: str | None = None, options: Mapping[str, str] | None = None
) -> ScoreReport:
    """Score label maps in memory.

    Args:
        challenge: Name of the challenge's folder.
        pairs: Cases; each is taken once, so a generator can read them one by one.
        edition: Value of the option of this name; None for the challenge's default.
        options: Values of the challenge's own options by name.

    Raises:
        InputError: The challenge or an option is unknown, or a label map breaks its rules.

    >>> import SimpleITK as sitk
    >>> empty = sitk.Image([4, 4, 4], sitk.sitkUInt8)
    >>> score_pairs("hecktor", [Pair("a", empty, empty)], options={"both-empty": "0"}).score
    0.0
    """
    module = challenge_module(CHALLENGES, challenge)
    given = {**(options or {}), **({} if edition is None else {"edition": edition})}
    parsed = parse_options(challenge, module, given)
    report: ScoreReport = module.score(pairs) if parsed is None else module.score(pairs, parsed)
    return report
