"""HECKTOR: primary tumour and nodes on FDG-PET/CT, by the rules of 2022, 2025 or 2026.

Each edition's rules are in a module of their own. Rules that the organisers left unpublished are options with a stated
default, so that they can be set once they are known. All editions share these:

* A label map holds 0 background, 1 GTVp and 2 GTVn alone; another value is refused.
* Each reference needs a prediction. (In 2022 the organisers scored only patients who had
  one; `hnseg score --missing leave-out` does so, and notes it in the report.)
* A value that is 0/0 over all cases is undefined, and so is a score made of it; a note names the value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hnseg.errors import InputError
from hnseg.evaluation.challenges.hecktor import edition_2022, edition_2025, edition_2026
from hnseg.evaluation.challenges.hecktor.options import Options
from hnseg.evaluation.files.pairs import Pair
from hnseg.evaluation.ranking.borda.counts import BordaMethod
from hnseg.evaluation.report import ScoreReport

__all__ = ["RANKINGS", "Options", "score"]

RANKINGS: tuple[BordaMethod, ...] = (edition_2025.RANKING,)
"""Borda rankings of all editions."""


@dataclass(frozen=True)
class _Edition:
    """Rules of one year.

    Attributes:
        score: Function that scores by these rules.
        options: Names of the options that the rules use, besides the edition.
    """

    score: Callable[[Iterable[Pair], Options], ScoreReport]
    options: frozenset[str]


_EDITIONS = {
    "2022": _Edition(edition_2022.score, frozenset()),
    "2025": _Edition(edition_2025.score, edition_2025.OPTIONS),
    "2026": _Edition(edition_2026.score, edition_2026.OPTIONS),
}


def score(pairs: Iterable[Pair], options: Options | None = None) -> ScoreReport:
    """Score predictions by the rules of a HECKTOR edition.

    Args:
        pairs: Label maps and other answers of all cases.
        options: Edition and its options; the defaults of 2026 if not given.

    Raises:
        InputError: A given option is not one of the edition's, or a case breaks its rules.
    """
    options = options or Options()
    edition = _EDITIONS[options.edition]
    strange = sorted(options.given - edition.options - {"edition"})
    if strange:
        raise InputError(
            f"HECKTOR {options.edition} must be scored by its own options"
            f" ({', '.join(f'--{name}' for name in sorted(edition.options)) or 'it has none'}), but"
            f" {', '.join(f'--{name}' for name in strange)} was given, which has no part in it."
            " Is it meant for another --edition?"
        )
    report = edition.score(pairs, options)
    used = {name: value for name, value in options.chosen.items() if name in {"edition", *edition.options}}
    return report.model_copy(update={"options": used})
