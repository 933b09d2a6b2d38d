"""Scores of a simulated challenge, drawn around the published means and deviations of HaN-Seg 2023.

`han_seg_2023_results.csv` holds Tables 2 and 3 of Podobnik et al., Radiother Oncol 2024. The correlation of
scores within a patient is not published; here a patient, an organ of a patient, and chance each have a part of the
variance.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

import numpy as np

TEAMS = ("eli1", "cwlg102", "CHB-QuantIF", "Mamaa", "m.m.gs", "TurboMiki")

_PUBLISHED = Path(__file__).with_name("han_seg_2023_results.csv")

Row = tuple[str, str, str, str, float]


def simulated_scores(
    seed: int, *, cases: int = 14, of_patient: float = 0.15, of_organ: float = 0.55, teams: Iterable[str] = TEAMS
) -> list[Row]:
    """Return rows of team, case, structure, metric, value.

    Args:
        seed: The same seed gives the same scores.
        cases: Number of patients.
        of_patient: Fraction of the variance in common to all organs and teams in a patient.
        of_organ: Fraction in common to all teams in an organ of a patient.
        teams: Teams to return, of `TEAMS`.
    """
    rng = np.random.default_rng(seed)
    published = _published()
    structures = sorted({structure for structure, _ in published})
    patients = rng.normal(size=cases)
    rows: list[Row] = []
    for structure in structures:
        organs = rng.normal(size=cases)
        for team in TEAMS:
            chance = rng.normal(size=cases)
            own = 1 - of_patient - of_organ
            ease = of_patient**0.5 * patients + of_organ**0.5 * organs + own**0.5 * chance
            if team in set(teams):
                rows += _rows(team, structure, ease, published[structure, team])
    return rows


def ordered_scores(*, cases: int = 8, gap: float = 0.1) -> list[Row]:
    """Return rows of three teams of which each is better than the next in every structure of every case."""
    rng = np.random.default_rng(0)
    rows: list[Row] = []
    for case in range(cases):
        for structure in ("Lips", "Glottis"):
            dsc, hd95_mm = rng.uniform(0.5, 0.7), rng.uniform(2, 9)
            for place, team in enumerate(("first", "second", "third")):
                rows.append((team, f"c{case}", structure, "DSC", dsc - place * gap - 0.01 * rng.uniform()))
                rows.append((team, f"c{case}", structure, "HD95", hd95_mm + 10 * place * gap + 0.1 * rng.uniform()))
    return rows


def write_scores(rows: Iterable[Row], path: Path) -> Path:
    """Write rows as `hnseg rank` reads them and return the path."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("team", "case", "structure", "metric", "value"))
        writer.writerows(rows)
    return path


def _rows(team: str, structure: str, ease: np.ndarray, published: dict[str, float]) -> list[Row]:
    """Return a team's rows for a structure: Dice is normal, HD95 log-normal; without any deviation it was not drawn."""
    dice = np.clip(published["dsc_mean_percent"] + published["dsc_sd_percent"] * ease, 0, 100) / 100
    mean_mm, sd_mm = published["hd95_mean_mm"], published["hd95_sd_mm"]
    spread = np.log1p((sd_mm / mean_mm) ** 2)
    hd95_mm = mean_mm * np.exp(-(spread**0.5) * ease - spread / 2)
    if not sd_mm and not published["dsc_sd_percent"]:
        hd95_mm = np.full(len(ease), np.inf)
    names = [f"case_{case:02d}" for case in range(1, len(ease) + 1)]
    return [
        (team, name, structure, metric, float(value))
        for metric, values in (("DSC", dice), ("HD95", hd95_mm))
        for name, value in zip(names, values, strict=True)
    ]


def _published() -> dict[tuple[str, str], dict[str, float]]:
    with _PUBLISHED.open(newline="") as file:
        return {
            (row["structure"], row["team"]): {
                key: float(value) for key, value in row.items() if key not in {"structure", "team"}
            }
            for row in csv.DictReader(file)
        }
