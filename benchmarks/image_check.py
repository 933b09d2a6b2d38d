"""The image check on real scans: what it catches at which severity, and its false alarms on scans of another scanner.

    python benchmarks/image_check.py --figures build/image_check.csv

Figures of each scan as it is and perturbed (normalised, as published; spikes also by modulus) go to the CSV, a row
each; a second run goes on from there. Needs the folders of real volumes that CONTRIBUTING.md lists.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from benchmarks.real_data import real_data_dir
from hnseg.evaluation.statistics.auroc import auroc
from hnseg.imaging.artefacts.check import MOST_BIAS, MOST_NOISE_HU, MOST_NOISE_SHARE, MOST_SPIKE, check_image
from hnseg.imaging.modality import Modality
from hnseg.robustness.perturbations.images import Request, perturb_image
from hnseg.robustness.perturbations.kind import Kind
from hnseg.robustness.perturbations.settings import AS_PUBLISHED, Settings

BY_MODULUS = Settings(spike_reference="modulus", spike_compound=True)
COLUMNS = ("set", "scan", "kind", "severity", "reference", "spike", "noise_hu", "noise_share", "bias")
FIGURES: dict[str, dict[Modality, tuple[str, float]]] = {
    "spike": {"ct": ("spike", MOST_SPIKE), "pet": ("spike", MOST_SPIKE), "mr": ("spike", MOST_SPIKE)},
    "noise": {
        "ct": ("noise_hu", MOST_NOISE_HU),
        "pet": ("noise_share", MOST_NOISE_SHARE["pet"]),
        "mr": ("noise_share", MOST_NOISE_SHARE["mr"]),
    },
    "bias": {"ct": ("bias", MOST_BIAS["ct"]), "mr": ("bias", MOST_BIAS["mr"])},
}
"""Column and shipped limit that judge a kind of artefact, by modality."""

MARGINS = {"spike": 2.0, "noise_hu": 2.5, "noise_share": 2.5, "bias": 2.0}
"""Fitted limit as a multiple of the largest figure of the fitted set, by column; of a bias in its logarithm.

They are chosen so that limits hold in both directions: noise differs most from scanner to scanner."""


@dataclass(frozen=True)
class ScanSet:
    """Scans of one source.

    Attributes:
        name: Name in the tables.
        modality: Modality of its scans.
        patterns: Patterns of its files below the folder of real volumes.
    """

    name: str
    modality: Modality
    patterns: tuple[str, ...]

    def scans(self) -> list[Path]:
        """Return its files that are there, in order."""
        return sorted(path for pattern in self.patterns for path in real_data_dir().glob(pattern))


SETS = (
    ScanSet("CT OpenKBP", "ct", ("ct_headneck_openkbp/*_ct.nii.gz",)),
    ScanSet("CT sarcomas", "ct", ("petctmr_sts/*/CT_image.nii.gz",)),
    ScanSet("PET sarcomas", "pet", ("petctmr_sts/*/PET_image.nii.gz",)),
    ScanSet(
        "MR",
        "mr",
        ("petctmr_sts/*/MR_T1_image.nii.gz", "mr_head_t1_datalad/*.nii.gz", "head_templates_mni/avg152T1.nii.gz"),
    ),
)

Row = dict[str, str]
Key = tuple[str, ...]


def rows_of(scan_set: ScanSet, path: Path, severities: Sequence[int], known: Mapping[Key, Row]) -> Iterator[Row]:
    """Yield the rows of a scan that are not known yet: as it is, and perturbed."""
    scan = str(path.relative_to(real_data_dir()))
    wanted = [("none", 0, "")]
    wanted += [
        (kind, severity, reference)
        for kind, references in (("spike", ("real", "modulus")), ("noise", ("",)), ("bias", ("",)))
        for severity in severities
        for reference in references
    ]
    image: sitk.Image | None = None
    for kind, severity, reference in wanted:
        key = (scan_set.name, scan, kind, str(severity), reference)
        if key in known:
            continue
        image = sitk.ReadImage(str(path)) if image is None else image
        perturbed = image if kind == "none" else _perturbed(image, scan, scan_set.modality, kind, severity, reference)
        yield dict(zip(COLUMNS, (*key, *_figures(perturbed, scan_set.modality)), strict=True))


def _perturbed(
    image: sitk.Image, scan: str, modality: Modality, kind: Kind, severity: int, reference: str
) -> sitk.Image:
    settings = BY_MODULUS if reference == "modulus" else AS_PUBLISHED
    request = Request(kind=kind, severity=severity, case=scan, modality=modality, settings=settings)
    return perturb_image(image, request)[0]


def _figures(image: sitk.Image, modality: Modality) -> tuple[str, ...]:
    found = check_image(image, modality).record
    return tuple(str(found.get(name, "")) for name in COLUMNS[5:])


def read_rows(path: Path) -> dict[Key, Row]:
    """Return the rows of the CSV by set, scan, kind, severity and reference; none where it is not there."""
    if not path.exists():
        return {}
    with path.open(newline="") as file:
        return {tuple(row[name] for name in COLUMNS[:5]): row for row in csv.DictReader(file)}


def measure(path: Path, severities: Sequence[int]) -> dict[Key, Row]:
    """Return the rows of all scans, after those that were missing are measured and added to the CSV."""
    rows = read_rows(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        if not rows:
            writer.writeheader()
        for scan_set in SETS:
            for scan in scan_set.scans():
                for row in rows_of(scan_set, scan, severities, rows):
                    writer.writerow(row)
                    file.flush()
                    rows[tuple(row[name] for name in COLUMNS[:5])] = row
    return rows


def values_of(rows: Mapping[Key, Row], scan_set: ScanSet, column: str, *wanted: str) -> list[float]:
    """Return the figures of one column, in the order of the scans; a missing one is 0, which is never noted."""
    return [
        float(row[column] or 0) for key, row in sorted(rows.items()) if key[0] == scan_set.name and key[2:] == wanted
    ]


def fitted_limit(column: str, clean: Sequence[float]) -> float:
    """Return the limit that the clean scans of a set give: a multiple of their largest figure, by `MARGINS`."""
    return max(clean) ** MARGINS[column] if column == "bias" else MARGINS[column] * max(clean)


def severity_table(rows: Mapping[Key, Row], severities: Sequence[int]) -> Iterator[str]:
    """Yield the table of what the shipped limits note, and of the areas under the curve."""
    yield "| scans | artefact | limit | as they are: range | noted |" + "".join(
        f" severity {severity}: AUC | noted |" for severity in severities
    )
    yield "|---|---|---:|---|---:|" + "---:|---:|" * len(severities)
    for scan_set in SETS:
        for kind, reference in (("spike", "real"), ("spike", "modulus"), ("noise", ""), ("bias", "")):
            if scan_set.modality not in FIGURES[kind]:
                continue
            column, limit = FIGURES[kind][scan_set.modality]
            clean = values_of(rows, scan_set, column, "none", "0", "")
            cells = [scan_set.name, f"{kind} ({reference})" if reference else kind, f"{limit:g}"]
            cells += [f"{min(clean):.3g} to {max(clean):.3g}", _noted(clean, limit)]
            for severity in severities:
                found = values_of(rows, scan_set, column, kind, str(severity), reference)
                cells += [f"{area_under_curve(clean, found):.3f}", _noted(found, limit)]
            yield f"| {' | '.join(cells)} |"


def area_under_curve(clean: Sequence[float], found: Sequence[float]) -> float:
    """Return how well a figure tells the scans in which an artefact was put from the clean ones, 0.5 to 1."""
    figures = np.array([*clean, *found])
    return auroc(figures, np.arange(len(figures)) >= len(clean))


def transfer_table(rows: Mapping[Key, Row]) -> Iterator[str]:
    """Yield the table of limits that are fitted on one set of scans and judged on another."""
    yield "| artefact | fitted on | limit | judged on | false alarms | noted at severity 2 |"
    yield "|---|---|---:|---|---:|---:|"
    kbp, sarcomas, pet, _ = SETS
    for kind, by_modality in FIGURES.items():
        for fitted, judged in ((kbp, sarcomas), (sarcomas, kbp)):
            yield _transfer(rows, kind, (fitted, slice(None)), (judged, slice(None)))
        if "pet" in by_modality:
            halves = slice(0, None, 2), slice(1, None, 2)
            for one, other in (halves, halves[::-1]):
                yield _transfer(rows, kind, (pet, one), (pet, other))


def _transfer(rows: Mapping[Key, Row], kind: str, fit: tuple[ScanSet, slice], judge: tuple[ScanSet, slice]) -> str:
    (fitted, fitted_part), (judged, judged_part) = fit, judge
    column, _ = FIGURES[kind][judged.modality]
    limit = fitted_limit(column, values_of(rows, fitted, column, "none", "0", "")[fitted_part])
    alarms = values_of(rows, judged, column, "none", "0", "")[judged_part]
    reference = "modulus" if kind == "spike" else ""
    found = values_of(rows, judged, column, kind, "2", reference)[judged_part]
    names = [f"{of.name}{'' if part == slice(None) else ', half'}" for of, part in (fit, judge)]
    cells = (kind, names[0], f"{limit:.3g}", names[1], _noted(alarms, limit), _noted(found, limit))
    return f"| {' | '.join(cells)} |"


def _noted(figures: Sequence[float], limit: float) -> str:
    return f"{sum(figure > limit for figure in figures)}/{len(figures)}"


def main() -> int:
    """Measure what is missing, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--figures", type=Path, required=True, help="CSV of the figures, which is added to")
    parser.add_argument("--severities", type=int, nargs="+", default=[1, 2, 3])
    arguments = parser.parse_args()
    if missing := [scan_set.name for scan_set in SETS if not scan_set.scans()]:
        parser.error(f"there must be real scans of every set, but none of {', '.join(missing)} were found")
    rows = measure(arguments.figures, arguments.severities)
    further = transfer_table(rows) if 2 in arguments.severities else ()
    print("\n".join([*severity_table(rows, arguments.severities), "", *further]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
