"""HECKTOR: primary tumour and nodes on FDG-PET/CT, by the rules of 2022, 2025 or 2026.

The rules are in a module an edition. What the organisers left unpublished is an option with a stated default, so that
whoever learns the truth can score by it. All editions share these:

* A label map holds 0 background, 1 GTVp and 2 GTVn alone; another value is refused.
* Each reference needs a prediction. (In 2022 the organisers scored only patients who had
  one; `hnseg score --missing leave-out` does so, and says it.)
* What is 0/0 over all cases is undefined, and so is a score made of it; a note says which.
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


@dataclass(frozen=True)
class _Edition:
    """A year's rules, and which options have a part in them."""

    score: Callable[[Iterable[Pair], Options], ScoreReport]
    options: frozenset[str]


_EDITIONS = {
    "2022": _Edition(edition_2022.score, frozenset()),
    "2025": _Edition(edition_2025.score, edition_2025.OPTIONS),
    "2026": _Edition(edition_2026.score, edition_2026.OPTIONS),
}


def score(pairs: Iterable[Pair], options: Options | None = None) -> ScoreReport:
    """Score predictions as an edition does.

    Args:
        pairs: All cases.
        options: The edition and what it leaves open; those of 2026 if not given.

    Raises:
        InputError: An option has no part in the edition, or a case breaks its rules.
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
