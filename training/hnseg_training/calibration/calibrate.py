"""Calibration of a bundle on disk: its manifest and archive with the temperatures, and a folder with the report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from hnseg.drawing.page.environment import environment_of
from hnseg.errors import ModelError, OutputError
from hnseg.imaging.files.output_files import Output, OutputFiles, output_files, reason_of
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.model.calibration import PredictedBy
from hnseg.inference.model.manifest import MANIFEST_FILE, Manifest
from hnseg.version import __version__
from hnseg_training.bundle_files import write_archive
from hnseg_training.calibration.case_voxels import Sampling
from hnseg_training.calibration.cross_fit import calibration_of
from hnseg_training.calibration.held_out import HeldOutCase
from hnseg_training.calibration.pictures import draw_reliability, draw_risk_coverage
from hnseg_training.calibration.report import CalibrationReport

JSON_FILE, CSV_FILE, PAGE_FILE = "calibration.json", "calibration.csv", "index.html"
RELIABILITY_FILE, RISK_COVERAGE_FILE = "reliability.png", "risk_coverage.png"
_REPORT_FILES = (JSON_FILE, CSV_FILE, PAGE_FILE, RELIABILITY_FILE, RISK_COVERAGE_FILE)


@dataclass(frozen=True)
class Places:
    """Folders that a calibration writes to.

    Attributes:
        model: Exported bundle; its manifest is replaced, and so is the archive where one lies beside it.
        report: Folder of the report; made where it is missing.
    """

    model: Path
    report: Path


def calibrate(
    cases: Iterable[HeldOutCase], places: Places, sampling: Sampling, *, predicted_by: PredictedBy
) -> CalibrationReport:
    """Calibrate a bundle on cases that its networks were not trained on, and write the report.

    Temperatures that the bundle has already are replaced. Where anything fails, all files are as they were.

    Args:
        cases: Cases as `held_out_cases` or `unseen_cases` gives them, predicted only once files can be written.
        places: Bundle, and folder of the report.
        sampling: Band, and number of voxels a case.
        predicted_by: Networks that predict each case: `fold` of `held_out_cases`, `ensemble` of `unseen_cases`.

    Raises:
        ModelError: The model is no exported bundle.
        InputError: There are fewer than two cases.
        OutputError: A file can't be written.
    """
    manifest = open_bundle(places.model).manifest
    if manifest is None:
        raise ModelError(
            f"Only an exported bundle keeps temperatures, but {places.model} has no {MANIFEST_FILE}."
            " Was hnseg-train export run?"
        )
    _make(places.report)
    archive = places.model.with_name(places.model.name + ".tar.gz")
    with output_files(_output(archive if archive.is_file() else None, "archive")) as archives:
        with output_files(*_outputs(places)) as files:
            names = open_bundle(places.model).dataset.output_names
            predicted = list(cases)
            calibration, report = calibration_of(
                predicted, names, sampling, model=manifest.name, predicted_by=predicted_by
            )
            _write(files, report, manifest.model_copy(update={"calibration": calibration}))
        archives.write("archive", lambda path: write_archive(places.model, path))
    return report


def as_page(report: CalibrationReport) -> str:
    """Return the page of a report as HTML; its pictures lie beside it."""
    environment = environment_of("hnseg_training.calibration")
    return environment.get_template("calibration.html.j2").render(
        r=report,
        reliability=RELIABILITY_FILE,
        risk_coverage=RISK_COVERAGE_FILE,
        csv=CSV_FILE,
        json=JSON_FILE,
        summary=_summary(report),
        version=__version__,
    )


def _summary(report: CalibrationReport) -> str:
    """Return the measures as Markdown, to be pasted."""
    title = f"Calibration of {report.model} on {len(report.cases)} cases, hnseg {__version__}"
    return f"{title}\n\n{report.table.as_markdown()}\n"


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"The report must be written to {folder}, but that failed: {reason_of(error)}. Is it a file?"
        ) from error


def _outputs(places: Places) -> list[Output]:
    manifest = _output(places.model / MANIFEST_FILE, MANIFEST_FILE)
    return [manifest, *(_output(places.report / name, name) for name in _REPORT_FILES)]


def _output(path: Path | None, option: str) -> Output:
    return Output(option, path, f"The calibration must be written to {path}")


def _write(files: OutputFiles, report: CalibrationReport, manifest: Manifest) -> None:
    """Write the provisional files of a calibration."""
    texts = {
        MANIFEST_FILE: manifest.text(),
        JSON_FILE: report.model_dump_json(indent=2) + "\n",
        CSV_FILE: report.as_csv(),
        PAGE_FILE: as_page(report),
    }
    for name, text in texts.items():
        files.write(name, partial(Path.write_bytes, data=text.encode()))
    files.write(RELIABILITY_FILE, lambda path: draw_reliability(report, path))
    files.write(RISK_COVERAGE_FILE, lambda path: draw_risk_coverage(report, path))
