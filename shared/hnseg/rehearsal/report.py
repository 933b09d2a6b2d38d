"""The files of a report: `rehearsal.json` for programs, and one page without outside parts for readers."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path

import SimpleITK as sitk
from jinja2 import Environment, PackageLoader, StrictUndefined

from hnseg.errors import OutputError
from hnseg.rehearsal.overlay import colour_of, draw_case
from hnseg.rehearsal.rehearse import Plan, first_image
from hnseg.rehearsal.results import Rehearsal
from hnseg.rehearsal.table import findings_of, first_metric, in_gib, mean_over_structures


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
        page.write_text(as_page(rehearsal, _pictures(plan, rehearsal), plan.spec.output.labels), encoding="utf-8")
    except OSError as error:
        raise OutputError(f"The report must be written to {folder}, but that failed: {error.strerror}.") from error
    return page


def as_page(rehearsal: Rehearsal, pictures: Mapping[str, bytes], labels: Mapping[int, str]) -> str:
    """Return the page.

    Args:
        rehearsal: What was found.
        pictures: A PNG by case.
        labels: The output's values with their names, for the legend.
    """
    environment = Environment(
        loader=PackageLoader("hnseg.rehearsal"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["gib"] = in_gib
    metric = first_metric(rehearsal.cases)
    return environment.get_template("rehearsal.html.j2").render(
        r=rehearsal,
        findings=findings_of(rehearsal),
        metric=metric,
        has_vram=any(case.peak_vram_gib is not None for case in rehearsal.cases),
        means={case.name: mean_over_structures(case.structures, metric) for case in rehearsal.cases},
        pictures={name: base64.b64encode(picture).decode("ascii") for name, picture in pictures.items()},
        legend=[(name, colour_of(label)) for label, name in sorted(labels.items())],
    )


def _pictures(plan: Plan, rehearsal: Rehearsal) -> dict[str, bytes]:
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
        pictures[case.name] = draw_case(
            sitk.ReadImage(str(scan)),
            sitk.ReadImage(str(plan.keep_dir / case.name / "output" / case.output_file)),
            None if reference is None else sitk.ReadImage(str(reference)),
            plan.spec.output.labels,
        )
    return pictures
