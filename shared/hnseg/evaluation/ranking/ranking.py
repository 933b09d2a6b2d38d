"""Ranking of teams by pairwise significance, as in HaN-Seg 2023, with a bootstrap of its ranks.

Every pair of teams is compared by every metric over all items (Wilcoxon's signed-rank test, Bonferroni over the pairs).
A team's significance score is the number of teams it is significantly better than, and scores become ranks by the rules
in `hnseg.evaluation.ranking.ranks`. The challenge stopped there. Its items are not independent, so two things are
added: the same ranking over one value a patient, and both rankings over draws of the patients, to show which ranks
would change.

Podobnik et al., HaN-Seg: the head and neck organ-at-risk CT and MR segmentation challenge, Radiother Oncol 2024.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hnseg.evaluation.ranking.bootstrap import RESAMPLINGS, agreement_of, rank_intervals, rank_shares
from hnseg.evaluation.ranking.methods import METHODS, Method
from hnseg.evaluation.ranking.ranks import Ranks, ranks_from_scores
from hnseg.evaluation.ranking.report import (
    Bootstrap,
    KendallTau,
    PairComparison,
    Ranking,
    RankingReport,
    TeamBootstrap,
    TeamRank,
)
from hnseg.evaluation.ranking.scores_file import read_scores
from hnseg.evaluation.ranking.scores_table import ScoresTable, table_of
from hnseg.evaluation.ranking.significance import Comparisons, Threshold, compare_teams

Array = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Settings:
    """Settings of a ranking.

    Attributes:
        method: Ranking method of the challenge.
        alpha: Chance of a false difference in any of the corrected pairs.
        pairs_corrected: Number of tests that share alpha for each metric; None for the number of pairs of teams.
        draws: Number of draws of the bootstrap; 0 for none.
        resampled: Way of drawing, a key of `RESAMPLINGS`.
        seed: Seed of the draws; the same one gives the same intervals.
    """

    method: Method = METHODS["han-seg"]
    alpha: float = 0.05
    pairs_corrected: int | None = None
    draws: int = 1000
    resampled: str = "cases"
    seed: int = 0


def rank_teams(scores: Path, settings: Settings | None = None) -> RankingReport:
    """Rank the teams of a score file by pairwise tests of significance.

    Args:
        scores: CSV file with the columns team, case, structure, metric and value, as `hnseg score --csv` writes it.
        settings: Method, significance and bootstrap; those of HaN-Seg 2023 if left out.

    Raises:
        InputError: The file can't be read, has one team only, or lacks a row that another team has.
    """
    settings = settings or Settings()
    metrics = settings.method.metrics
    return rank_table(table_of(read_scores(scores, metrics), metrics), settings)


def rank_table(table: ScoresTable, settings: Settings) -> RankingReport:
    """Rank the teams of a table.

    Args:
        table: Scores of all teams.
        settings: Method, significance and bootstrap.

    >>> items = tuple((f"case_{case}", "Lips") for case in range(8))
    >>> dsc = [[0.8] * 8, [0.7] * 8]  # A is better in all of eight cases: p = 2 / 2**8
    >>> hd95_mm = [[3.0] * 8, [2.0] * 8]  # by HD95 it is worse
    >>> table = ScoresTable(METHODS["han-seg"].metrics, ("A", "B"), items, np.array([dsc, hd95_mm]))
    >>> report = rank_table(table, Settings(draws=0))
    >>> [(team.team, team.rank_text, team.significance_scores) for team in report.by_item.teams]
    [('A', '1*', {'DSC': 1, 'HD95': 0}), ('B', '1*', {'DSC': 0, 'HD95': 1})]
    """
    pairs = len(table.teams) * (len(table.teams) - 1) // 2
    threshold = Threshold(settings.alpha, settings.pairs_corrected or pairs)
    draws = RESAMPLINGS[settings.resampled](table, np.random.default_rng(settings.seed), count=settings.draws)
    return RankingReport(
        method=settings.method.name,
        alpha=threshold.alpha,
        pairs_corrected=threshold.pairs_corrected,
        cases=len(table.cases),
        structures=len(table.structures),
        bootstrap=Bootstrap(draws=settings.draws, seed=settings.seed, resampled=settings.resampled)
        if settings.draws
        else None,
        by_item=_rank(table, table.values, threshold, drawn=draws.items, drawn_items=draws.items),
        by_patient=_rank(table, table.means_by_case(), threshold, drawn=draws.cases, drawn_items=draws.items),
        notes=(*table.notes, *_notes(table, threshold)),
    )


def _rank(table: ScoresTable, values: Array, threshold: Threshold, *, drawn: Array, drawn_items: Array) -> Ranking:
    """Rank the teams by values (k, m, n), each as often in the draws as in `drawn`, (b, n)."""
    comparisons = compare_teams(values, table.metrics, threshold, _all_once_and(drawn))
    means = table.means(_all_once_and(drawn_items))
    ranks = ranks_from_scores(comparisons.scores, means, table.metrics)
    bootstraps: list[TeamBootstrap | None] = [None] * len(table.teams)
    kendall_tau = None
    if len(drawn):
        kendall_tau = KendallTau(**asdict(agreement_of(ranks.final[1:], ranks.final[0])))
        bootstraps = _bootstraps(ranks.final[1:])
    return Ranking(
        compared=values.shape[2],
        teams=_teams(table, comparisons.scores[0], means[0], ranks, bootstraps),
        pairs=_pairs(table, comparisons),
        kendall_tau=kendall_tau,
    )


def _all_once_and(drawn: Array) -> Array:
    """Return draws (1 + b, n) of which the first has everything once: the challenge itself."""
    return np.vstack([np.ones((1, drawn.shape[1])), drawn])


def _bootstraps(final: Integers) -> list[TeamBootstrap | None]:
    low, high = rank_intervals(final)
    return [
        TeamBootstrap(rank_low=low[m], rank_high=high[m], rank_shares=tuple(shares))
        for m, shares in enumerate(rank_shares(final))
    ]


def _teams(
    table: ScoresTable, scores: Integers, means: Array, ranks: Ranks, bootstraps: list[TeamBootstrap | None]
) -> tuple[TeamRank, ...]:
    """Return the teams in the order of the first of the rankings, best first."""
    names = [metric.name for metric in table.metrics]
    keys = [metric.key for metric in table.metrics]
    teams = [
        TeamRank(
            team=team,
            rank=ranks.final[0, m],
            is_shared=ranks.is_shared[0, m],
            aggregate=ranks.aggregate[0, m],
            significance_scores=dict(zip(names, scores[:, m], strict=True)),
            metric_ranks=dict(zip(names, ranks.by_metric[0, :, m], strict=True)),
            means=dict(zip(keys, means[:, m], strict=True)),
            bootstrap=bootstraps[m],
        )
        for m, team in enumerate(table.teams)
    ]
    return tuple(sorted(teams, key=lambda team: team.rank))


def _pairs(table: ScoresTable, comparisons: Comparisons) -> tuple[PairComparison, ...]:
    """Return the comparisons of the first draw."""
    return tuple(
        PairComparison(
            metric=metric.name,
            team=table.teams[one],
            other=table.teams[other],
            p=comparisons.p[0, k, one, other],
            p_corrected=comparisons.p_corrected[0, k, one, other],
            better=_better_of(table.teams[one], table.teams[other], comparisons.wins[0, k][[one, other], [other, one]]),
        )
        for k, metric in enumerate(table.metrics)
        for one, other in combinations(range(len(table.teams)), 2)
    )


def _better_of(one: str, other: str, wins: npt.NDArray[np.bool_]) -> str | None:
    if not wins.any():
        return None
    return one if wins[0] else other


def _notes(table: ScoresTable, threshold: Threshold) -> list[str]:
    """Return the cautions that hold for any such ranking."""
    cases = len(table.cases)
    notes = [
        f"The {len(table.items)} items come from {cases} patients and are not independent, so the challenge's test"
        " finds differences more easily than alpha says; the ranking by patients is the cautious one."
    ]
    # The smallest p that so many patients can give is that of one team better in all of them.
    if 2.0 ** (1 - cases) * threshold.pairs_corrected >= threshold.alpha:
        notes.append(
            f"No difference can be significant by patients, whatever it is: {cases} patients can't give a p that low"
            " after Bonferroni's correction."
        )
    return notes
