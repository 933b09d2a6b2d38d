"""Table of the scores of all teams, complete and checked.

A structure of a case is an *item*. An item without a value for any team is absent in the reference and left out. An
item without a value for some team is that team's empty prediction and gets the challenge's value for one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from hnseg.errors import InputError
from hnseg.evaluation.ranking.methods import Metric
from hnseg.evaluation.ranking.scores_file import Score

Values = npt.NDArray[np.float64]

_SHOWN = 5


@dataclass(frozen=True)
class ScoresTable:
    """Values of all teams; names are sorted, so the order of a file's rows changes nothing.

    Attributes:
        metrics: The k metrics.
        teams: Names of the m teams.
        items: The n items, each the name of a case and of a structure.
        values: Values, (k, m, n), finite.
        notes: Changes made to the file's values, a sentence each.
    """

    metrics: tuple[Metric, ...]
    teams: tuple[str, ...]
    items: tuple[tuple[str, str], ...]
    values: Values
    notes: tuple[str, ...] = ()

    @property
    def cases(self) -> tuple[str, ...]:
        """Names of the cases, sorted."""
        return tuple(sorted({case for case, _ in self.items}))

    @property
    def structures(self) -> tuple[str, ...]:
        """Names of the structures, sorted."""
        return tuple(sorted({structure for _, structure in self.items}))

    def items_of_cases(self) -> list[npt.NDArray[np.intp]]:
        """Return the indices of each case's items, in the order of `cases`."""
        return [np.array([i for i, item in enumerate(self.items) if item[0] == case]) for case in self.cases]

    def items_of_structures(self) -> list[npt.NDArray[np.intp]]:
        """Return the indices of each structure's items, in the order of `structures`."""
        return [np.array([i for i, item in enumerate(self.items) if item[1] == name]) for name in self.structures]

    def means_by_case(self) -> Values:
        """Return the means over each case's structures, (k, m, cases)."""
        return np.stack([self.values[:, :, items].mean(axis=-1) for items in self.items_of_cases()], axis=-1)

    def means(self, weights: Values) -> Values:
        """Return the means over the structures of each structure's mean, as the challenge's tables print them.

        Args:
            weights: Number of times that each item counts in each draw, (b, n); a structure that is not in a draw is
                not in its mean.

        Returns:
            Means, (b, k, m).
        """
        total = np.zeros((len(weights), *self.values.shape[:2]))
        counted = np.zeros((len(weights), 1, 1))
        for items in self.items_of_structures():
            of_structure = weights[:, None, None, items]
            weight = of_structure.sum(axis=-1)
            # No matrix product: its rounding depends on how many rows there are, and so would a tie.
            total += (of_structure * self.values[:, :, items]).sum(axis=-1) / np.maximum(weight, 1)
            counted += weight > 0
        means: Values = total / counted
        return means


def table_of(scores: Sequence[Score], metrics: tuple[Metric, ...]) -> ScoresTable:
    """Arrange scores in a table, with a value in place of each missing one.

    Args:
        scores: Scores of all teams; NaN where there is no value.
        metrics: Metrics of the table.

    Raises:
        InputError: There is one team only, a row is missing, or a team has one metric of an item and not another.

    >>> from hnseg.evaluation.ranking.methods import DSC, HD95
    >>> scores = [Score("A", "a", "Lips", DSC, 0.5), Score("A", "a", "Lips", HD95, 3.0)]
    >>> scores += [Score("B", "a", "Lips", DSC, 0.0), Score("B", "a", "Lips", HD95, math.nan)]
    >>> table = table_of(scores, (DSC, HD95))
    >>> table.values[:, :, 0].tolist()  # the largest HD95 for the empty prediction of B
    [[0.5, 0.0], [3.0, 3.0]]
    >>> table.notes
    ('Empty predictions of Lips count as DSC 0.0000, HD95 3.00 mm: B (1).',)
    """
    teams = tuple(sorted({score.team for score in scores}))
    if len(teams) < 2:
        raise InputError(f"A ranking must have two teams or more, but the scores have only {teams[0]}.")
    items = tuple(sorted({(score.case, score.structure) for score in scores}))
    value_of = {(score.metric.name, score.team, (score.case, score.structure)): score.value for score in scores}
    _refuse_missing_rows(value_of, metrics, teams, items)
    values = np.array([[[value_of[metric.name, team, item] for item in items] for team in teams] for metric in metrics])
    table = _without_absent(ScoresTable(metrics, teams, items, values))
    _refuse_half_empty(table)
    return _with_empty_filled(_without_unpredicted(table))


def _refuse_missing_rows(
    value_of: dict[tuple[str, str, tuple[str, str]], float],
    metrics: tuple[Metric, ...],
    teams: tuple[str, ...],
    items: tuple[tuple[str, str], ...],
) -> None:
    missing = {
        team: [
            f"{metric.name} of {item[1]} in {item[0]}"
            for item in items
            for metric in metrics
            if (metric.name, team, item) not in value_of
        ]
        for team in teams
    }
    lacking = [f"{team} has no {_listed(rows)}" for team, rows in missing.items() if rows]
    if lacking:
        raise InputError(
            "Every team must have a row for each metric of each structure of a case that any team has, but"
            f" {'; '.join(lacking)}. Give an empty prediction a row with an empty value; is a name spelt in two ways?"
        )


def _without_absent(table: ScoresTable) -> ScoresTable:
    absent = np.count_nonzero(np.isfinite(table.values), axis=(0, 1)) == 0
    if absent.all():
        raise InputError("Scores must have values to rank by, but no team has one. Was an evaluation cut short?")
    names = [
        f"{structure} in {case}" for (case, structure), is_absent in zip(table.items, absent, strict=True) if is_absent
    ]
    note = f"Left out because no team has a value, so it is absent in the reference: {_listed(names)}."
    return _keeping(table, ~absent, note)


def _refuse_half_empty(table: ScoresTable) -> None:
    """Refuse an item with one metric but not another, unless that one says that the prediction is empty."""
    missing = np.isnan(table.values)
    of_empty = np.array([math.nan if metric.of_empty is None else metric.of_empty for metric in table.metrics])
    is_empty = (missing | (table.values == of_empty[:, None, None])).all(axis=0)
    for team, item in np.argwhere(missing.any(axis=0) & ~is_empty):
        given, lacking = (
            ", ".join(
                m.name
                for m, is_missing in zip(table.metrics, missing[:, team, item], strict=True)
                if is_missing == kind
            )
            for kind in (False, True)
        )
        case, structure = table.items[item]
        raise InputError(
            f"A prediction must have all metrics, or be empty and have none, but that of {structure} in {case} by"
            f" {table.teams[team]} has {given} and no {lacking}. Was a value lost?"
        )


def _without_unpredicted(table: ScoresTable) -> ScoresTable:
    """Leave out a structure that no team ever predicted, where a metric has no worst value to give."""
    relative = [values for metric, values in zip(table.metrics, table.values, strict=True) if metric.of_empty is None]
    kept, names = np.ones(len(table.items), dtype=bool), []
    for name, items in zip(table.structures, table.items_of_structures(), strict=True):
        if any(np.isnan(values[:, items]).all() for values in relative):
            kept[items] = False
            names.append(name)
    if not kept.any():
        raise InputError("Scores must have predictions to compare, but every prediction of every team is empty.")
    return _keeping(table, kept, f"Left out because no team ever predicted it: {_listed(names)}.")


def _with_empty_filled(table: ScoresTable) -> ScoresTable:
    values = table.values.copy()
    empty = np.count_nonzero(np.isnan(values), axis=0) > 0
    notes = []
    for name, items in zip(table.structures, table.items_of_structures(), strict=True):
        given = []
        for k, metric in enumerate(table.metrics):
            of_structure = values[k][:, items]
            worst = np.nanmin(of_structure) if metric.higher_is_better else np.nanmax(of_structure)
            value = worst if metric.of_empty is None else metric.of_empty
            values[k][:, items] = np.where(np.isnan(of_structure), value, of_structure)
            given.append(f"{metric.name} {value:.{metric.decimals}f} {metric.unit}".strip())
        counts = empty[:, items].sum(axis=1)
        teams = [f"{team} ({count})" for team, count in zip(table.teams, counts, strict=True) if count]
        if teams:
            notes.append(f"Empty predictions of {name} count as {', '.join(given)}: {', '.join(teams)}.")
    return replace(table, values=values, notes=(*table.notes, *notes))


def _keeping(table: ScoresTable, kept: npt.NDArray[np.bool_], note: str) -> ScoresTable:
    """Return a table of some items only, with a note where that leaves any out."""
    if kept.all():
        return table
    items = tuple(item for item, is_kept in zip(table.items, kept, strict=True) if is_kept)
    return replace(table, items=items, values=table.values[:, :, kept], notes=(*table.notes, note))


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
