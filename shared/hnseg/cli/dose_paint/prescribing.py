"""Prescription of dose from the files of a probability map and a target, on the terminal and in files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import typer

from hnseg.cli.printing import show_table
from hnseg.evaluation.dose.painting import DoseRule, Prescription, paint_dose
from hnseg.evaluation.dose.picture import draw_dose_volume
from hnseg.evaluation.dose.volumes import DoseReport, report_of, volumes_csv, volumes_table
from hnseg.evaluation.picture_file import FORMATS
from hnseg.imaging.files.formats import WRITTEN
from hnseg.imaging.files.output_files import Output, output_files, write_image
from hnseg.imaging.files.reading import read_volume


@dataclass(frozen=True)
class DoseFiles:
    """Files that are read and written.

    Attributes:
        probability: Map of probabilities.
        inside: Mask of the target; None for a target by probability.
        output: Prescription.
        csv: Dose against volume; None for none.
        json: Report; None for none.
        plot: Picture of the dose-volume curve; None for none.
    """

    probability: Path
    inside: Path | None
    output: Path
    csv: Path | None = None
    json: Path | None = None
    plot: Path | None = None


def prescribe(paths: DoseFiles, rule: DoseRule, *, at_least: float) -> None:
    """Write a prescription, print its table, and write what else was asked for.

    Args:
        paths: Files to read and write.
        rule: Rule of the dose.
        at_least: Least probability of the target where there is no mask.

    Raises:
        InputError: A file can't be read, or makes no sense.
        OutputError: A file can't be written.
    """
    outputs = (
        Output("--output", paths.output, suffixes=WRITTEN),
        Output("--csv", paths.csv),
        Output("--json", paths.json),
        Output("--plot", paths.plot, suffixes=FORMATS),
    )
    inputs = [paths.probability, *([paths.inside] if paths.inside else [])]
    with output_files(*outputs, inputs=inputs) as files:
        prescription = _painted(paths, rule, at_least)
        report = report_of(prescription, rule, at_least=None if paths.inside else at_least)
        files.write("--output", lambda path: write_image(prescription.image, path))
        files.write("--csv", lambda path: path.write_text(volumes_csv(report), encoding="utf-8"))
        files.write("--json", lambda path: path.write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8"))
        files.write(
            "--plot", lambda path: draw_dose_volume(prescription.doses_gy, path, voxel_cc=prescription.voxel_cc)
        )
    _print(report, paths.output)


def _painted(paths: DoseFiles, rule: DoseRule, at_least: float) -> Prescription:
    probabilities = read_volume(paths.probability, title="probability map")
    inside = None if paths.inside is None else read_volume(paths.inside, title="mask of the target")
    return paint_dose(probabilities, rule, path=paths.probability, inside=inside, at_least=at_least)


def _print(report: DoseReport, output: Path) -> None:
    show_table(volumes_table(report))
    target = "in the mask" if report.at_least is None else f"of probability {report.at_least:g} or more"
    typer.echo(
        f"{output}: {report.target_cc:.2f} cc {target} get {report.lowest_gy:.1f} to {report.highest_gy:.1f} Gy, mean"
        f" {report.mean_gy:.1f}; 0 Gy elsewhere is no prescription. For research only: no patient may be treated by it."
    )
    if report.left_out_cc > 0:
        typer.echo(f"{report.left_out_cc:.2f} cc with a probability of 0.5 or more lie outside the target.")
