"""Scores predictions by the rules of a challenge, found by its name."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from pathlib import Path

from hnseg.errors import InputError
from hnseg.evaluation import challenges
from hnseg.evaluation.pairs import Pair, pair_files
from hnseg.evaluation.report import ScoreReport


def score_folder(challenge: str, predictions_dir: Path, references_dir: Path) -> ScoreReport:
    """Score the label maps of one folder against those of another.

    Args:
        challenge: Its folder's name, such as hnts_mrg.
        predictions_dir: Holds one label map a case.
        references_dir: Holds as many, paired by name as `hnseg.evaluation.pairs` says.

    Raises:
        InputError: The challenge is unknown, files don't pair, or one breaks the challenge's rules.
    """
    files = pair_files(predictions_dir, references_dir)
    # Read as they are asked for, so that only one case is in memory.
    return score_pairs(challenge, (pair.read() for pair in files))


def score_pairs(challenge: str, pairs: Iterable[Pair]) -> ScoreReport:
    """Score label maps that are in memory already; `pairs` may be a generator.

    Raises:
        InputError: The challenge is unknown, or a label map breaks its rules.
    """
    known = sorted(module.name for module in pkgutil.iter_modules(challenges.__path__))
    if challenge not in known:
        raise InputError(f"The challenge to score must be one of {', '.join(known)}, found {challenge!r}.")
    report: ScoreReport = importlib.import_module(f"{challenges.__name__}.{challenge}").score(pairs)
    return report
