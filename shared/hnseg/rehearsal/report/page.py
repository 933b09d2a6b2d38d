"""The files of a report: `rehearsal.json` for programs, and one page without outside parts for readers."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from hnseg.errors import OutputError
from hnseg.evaluation.tables import structures_table
from hnseg.imaging.files.reading import read_volume
from hnseg.records import MaybeNumber
from hnseg.rehearsal.cases import first_image
from hnseg.rehearsal.judging.answers import in_short
from hnseg.rehearsal.rehearse import Plan
from hnseg.rehearsal.report.colours import colours_of
from hnseg.rehearsal.report.crop import crop_in
from hnseg.rehearsal.report.overlay import Picture, draw_case
from hnseg.rehearsal.report.registration import Registered, record_in, show_registration
from hnseg.rehearsal.report.table import findings_of, first_metric, in_gib, lowest, mean_over_structures
from hnseg.rehearsal.results import Rehearsal

MANY_STRUCTURES = 8  # from here on, a case's table is folded away


@dataclass(frozen=True)
class Drawn:
    """What was drawn, by the name of the case.

    Attributes:
        pictures: Slices with contours.
        registrations: What was laid on what.
    """

    pictures: Mapping[str, Picture]
    registrations: Mapping[str, Registered]


def write_report(plan: Plan, rehearsal: Rehearsal, folder: Path) -> Path:
    """Write `rehearsal.json` and `rehearsal.html`, and return the page's path.

    Args:
        plan: What was rehearsed; its outputs lie in the folder that it names.
        rehearsal: What was found.
        folder: Made if it does not exist.

    Raises:
        OutputError: The folder can't be written to.
    """
    page = folder / "rehearsal.html"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        json = rehearsal.model_dump_json(indent=2) + "\n"
        (folder / "rehearsal.json").write_text(json, encoding="utf-8")
        drawn = Drawn(_pictures(plan, rehearsal), _registrations(plan, rehearsal))
        page.write_text(as_page(rehearsal, drawn, plan.spec.output.labels), encoding="utf-8")
    except OSError as error:
        raise OutputError(f"The report must be written to {folder}, but that failed: {error.strerror}.") from error
    return page


def as_page(rehearsal: Rehearsal, drawn: Drawn, labels: Mapping[int, str]) -> str:
    """Return the page.

    Args:
        rehearsal: What was found.
        drawn: The pictures.
        labels: The output's values with their names, for the legends.
    """
    environment = Environment(
        loader=PackageLoader("hnseg.rehearsal.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"gib": in_gib, "png": _as_address, "value": _shown, "answer": in_short}
    metric = first_metric(rehearsal.cases)
    colours = colours_of(labels)
    return environment.get_template("rehearsal.html.j2").render(
        r=rehearsal,
        drawn=drawn,
        findings=findings_of(rehearsal),
        metric=metric,
        has_vram=any(case.peak_vram_gib is not None for case in rehearsal.cases),
        means={case.name: mean_over_structures(case.structures, metric) for case in rehearsal.cases},
        lowest={case.name: lowest(case.structures, metric) for case in rehearsal.cases},
        many=MANY_STRUCTURES,
        structures=None if rehearsal.score is None else structures_table(rehearsal.score),
        names=labels,
        colours=colours,
        colour_of={name: colours[label] for label, name in labels.items()},
    )


def _as_address(png: bytes) -> str:
    """Return a picture as an address that holds it."""
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"


def _shown(value: MaybeNumber, metric: str) -> str:
    """Return a metric's value as the page shows it."""
    if value is None:
        return "-"
    if isinstance(value, int):
        return str(value)
    if not isfinite(value):
        return "∞"
    return f"{value:.0f}" if metric.endswith("_mm3") else f"{value:.1f}" if metric.endswith("_mm") else f"{value:.3f}"


def _pictures(plan: Plan, rehearsal: Rehearsal) -> dict[str, Picture]:
    """Draw every case that left an output on the right grid."""
    socket = plan.spec.input(plan.spec.output.on_grid_of)
    folders = {case.name: case for case in plan.cases}
    pictures = {}
    for case in rehearsal.cases:
        folder = folders[case.name]
        scan = first_image(folder.input_dir / socket.relative_path)
        if not case.passed or case.output_file is None or scan is None:
            continue
        reference = folder.reference(plan.spec.output.relative_path)
        image, crop = read_volume(scan, title=socket.title), crop_in(case.provenance)
        pictures[case.name] = draw_case(
            image,
            read_volume(plan.keep_dir / case.name / "output" / case.output_file, title=plan.spec.output.title),
            None if reference is None else read_volume(reference, title="reference label map"),
            plan.spec.output.labels,
            crop=crop if crop and crop.lies_in(image) else None,
        )
    return pictures


def _registrations(plan: Plan, rehearsal: Rehearsal) -> dict[str, Registered]:
    """Show what every case's provenance tells of a registration."""
    folders = {case.name: case for case in plan.cases}
    found = {}
    for case in rehearsal.cases:
        record = record_in(case.provenance)
        shown = record and show_registration(plan.spec, folders[case.name], record)
        if shown:
            found[case.name] = shown
    return found
