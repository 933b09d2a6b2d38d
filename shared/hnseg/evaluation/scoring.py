"""Scores predictions by the rules of a challenge, found by its name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hnseg.discovery import challenge_module
from hnseg.evaluation.files.pairs import Pair, pair_files
from hnseg.evaluation.options import parse_options
from hnseg.evaluation.report import ScoreReport

CHALLENGES = "hnseg.evaluation.challenges"
"""Package with one module a challenge, which scores it."""

_SHOWN = 5


@dataclass(frozen=True)
class Rules:
    """By which of a challenge's rules to score.

    Attributes:
        edition: The year's, for a challenge whose rules changed; None for its latest.
        options: The challenge's own options by name, as `hnseg.evaluation.options` says.
        leave_out_missing: Leave out a case without a prediction instead of refusing the folder.
    """

    edition: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    leave_out_missing: bool = False


def score_folder(
    challenge: str, predictions_dir: Path, references_dir: Path, rules: Rules | None = None
) -> ScoreReport:
    """Score the label maps of one folder against those of another.

    Args:
        challenge: Its folder's name, such as hnts_mrg.
        predictions_dir: Holds one label map a case, and where the challenge asks for more, a JSON file beside it.
        references_dir: Holds as many, paired by name as `hnseg.evaluation.files.pairs` says.
        rules: The challenge's default ones if not given.

    Raises:
        InputError: The challenge or an option is unknown, files don't pair, or one breaks the challenge's rules.
    """
    rules = rules or Rules()
    files = pair_files(predictions_dir, references_dir, leave_out_missing=rules.leave_out_missing)
    # Read as they are asked for, so that only one case is in memory.
    pairs = (pair.read() for pair in files.pairs)
    report = score_pairs(challenge, pairs, edition=rules.edition, options=rules.options)
    if not files.unpredicted:
        return report
    count, more = len(files.unpredicted), ", ..." if len(files.unpredicted) > _SHOWN else ""
    note = f"Left out for want of a prediction: {count} cases ({', '.join(files.unpredicted[:_SHOWN])}{more})."
    return report.model_copy(update={"notes": (*report.notes, note)})


def score_pairs(
    challenge: str, pairs: Iterable[Pair], *, edition: str | None = None, options: Mapping[str, str] | None = None
) -> ScoreReport:
    """Score label maps that are in memory already; `pairs` may be a generator.

    Args:
        challenge: Its folder's name.
        pairs: The cases.
        edition: The same as the option of this name; None for the challenge's default.
        options: The challenge's own options by name.

    Raises:
        InputError: The challenge or an option is unknown, or a label map breaks its rules.
    """
    module = challenge_module(CHALLENGES, challenge)
    given = {**(options or {}), **({} if edition is None else {"edition": edition})}
    parsed = parse_options(challenge, module, given)
    report: ScoreReport = module.score(pairs) if parsed is None else module.score(pairs, parsed)
    return report
