"""Files of a report: `rehearsal.json` for programs, and one page without outside parts for readers."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import SimpleITK as sitk

from hnseg.cohort.flags import FLAG_WORDS
from hnseg.drawing.colours import colours_of
from hnseg.drawing.crop import crop_in
from hnseg.drawing.entropy import EntropyPicture, draw_entropy
from hnseg.drawing.overlay import Picture, draw_case
from hnseg.drawing.page.environment import environment_of
from hnseg.drawing.pet_layer import PetLayer, pet_layer_of
from hnseg.drawing.registration import RegistrationFigure, draw_registration, record_in
from hnseg.drawing.uncertainty_record import uncertainty_in
from hnseg.errors import InputError, OutputError
from hnseg.evaluation.tables import name_of, structures_table, value_in_words
from hnseg.imaging.files.output_files import Output, output_files
from hnseg.imaging.files.reading import read_volume
from hnseg.imaging.geometry import Grid
from hnseg.machine import in_gib
from hnseg.printable import is_utf8, printable
from hnseg.records import MaybeNumber
from hnseg.rehearsal.cases import first_image
from hnseg.rehearsal.judging.answers import in_short
from hnseg.rehearsal.judging.provenance import ShownProvenance
from hnseg.rehearsal.report.summary import summary_of
from hnseg.rehearsal.report.table import findings_of, first_metric, lowest, mean_over_structures
from hnseg.rehearsal.request import Request
from hnseg.rehearsal.results import CaseResult, Rehearsal

JSON_FILE, PAGE_FILE = "rehearsal.json", "rehearsal.html"
"""Names of the report's files."""

MANY_STRUCTURES = 8
"""Number of structures above which a case's table is folded away."""


MANY_CASES = 20
"""Number of cases above which those that passed are folded away."""

MOST_PICTURES = 40
"""Largest number of cases that are drawn: a page of some 40 MB. Those of the lowest scores come first."""


@dataclass(frozen=True)
class Figures:
    """Figures of a report, by the name of the case.

    Attributes:
        pictures: Slices with contours.
        registrations: Checkerboards of registered images with their captions.
        entropies: Slices with the entropy in colour, of cases with such a map.
        missing: Reasons, a sentence each, why figures of a case could not be drawn.
    """

    pictures: Mapping[str, Picture]
    registrations: Mapping[str, RegistrationFigure]
    entropies: Mapping[str, EntropyPicture] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)


def write_report(request: Request, rehearsal: Rehearsal, folder: Path) -> Path:
    """Write `rehearsal.json` and `rehearsal.html`, and return the page's path.

    Args:
        request: Request that was rehearsed; the outputs lie in the folder that it names.
        rehearsal: Result of the rehearsal.
        folder: Folder of the report, made if it does not exist.

    Raises:
        OutputError: The folder can't be written to.
    """
    page = folder / PAGE_FILE
    _make(folder)
    with output_files(_output(folder / JSON_FILE)) as files:  # before the page, whose pictures may fail
        json = rehearsal.model_dump_json(indent=2) + "\n"
        files.write(JSON_FILE, lambda path: path.write_text(json, encoding="utf-8"))
    with output_files(_output(page)) as files:
        figures = _figures(request, rehearsal)
        html = as_page(rehearsal, figures, request.spec.output.labels)
        files.write(PAGE_FILE, lambda path: path.write_text(html, encoding="utf-8"))
    return page


def check_report(folder: Path) -> None:
    """Make the folder of a report, and check that its files can be written.

    Raises:
        OutputError: They can't be.
    """
    _make(folder)
    with output_files(*(_output(folder / name) for name in (JSON_FILE, PAGE_FILE))):
        pass  # the checks come before the block


def _make(folder: Path) -> None:
    if not is_utf8(str(folder.absolute())):
        raise OutputError(
            f"The report must be written to a folder with a path in UTF-8, but {printable(str(folder))} is not."
            " Name another folder."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"The report must be written to {folder}, but that failed: {error.strerror}.") from error


def _output(path: Path) -> Output:
    return Output(path.name, path, f"The report must be written to {path.parent}")


def as_page(rehearsal: Rehearsal, figures: Figures, labels: Mapping[int, str]) -> str:
    """Return the page as HTML.

    Args:
        rehearsal: Result of the rehearsal.
        figures: Figures of the cases; a case without one has none on the page.
        labels: Values of the output with their names, for the legends.
    """
    environment = environment_of("hnseg.rehearsal.report")
    environment.filters |= {"gib": in_gib, "png": _as_address, "value": _shown, "name": name_of, "answer": in_short}
    metric = first_metric(rehearsal.cases)
    colours = colours_of(labels)
    return environment.get_template("rehearsal.html.j2").render(
        r=rehearsal,
        figures=figures,
        findings=findings_of(rehearsal),
        summary=summary_of(rehearsal),
        failed=[case.name for case in rehearsal.cases if not case.passed],
        folds=len(rehearsal.cases) > MANY_CASES,
        metric=metric,
        uncertainty={case.name: uncertainty_in(case.provenance) for case in rehearsal.cases},
        provenance={case.name: ShownProvenance.of(case.provenance) for case in rehearsal.cases},
        has_vram=any(case.peak_vram_gib is not None for case in rehearsal.cases),
        means={case.name: mean_over_structures(case.structures, metric) for case in rehearsal.cases},
        lowest={case.name: lowest(case.structures, metric) for case in rehearsal.cases},
        many=MANY_STRUCTURES,
        flag_words=FLAG_WORDS,
        structures=None if rehearsal.score is None else structures_table(rehearsal.score),
        names=labels,
        colours=colours,
        colour_of={name: colours[label] for label, name in labels.items()},
    )


def _as_address(png: bytes) -> str:
    """Return a picture as a data URL."""
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"


def _shown(value: MaybeNumber, metric: str) -> str:
    """Return a metric's value as text; a dash for None."""
    return value_in_words(metric, value, unknown="-")


def _figures(request: Request, rehearsal: Rehearsal) -> Figures:
    """Draw the cases' figures; one whose images can't be read again has the reason instead.

    The platform takes outputs that our reader does not, such as TIFF, and a case's inputs may be broken on purpose.
    """
    pictures: dict[str, Picture] = {}
    registrations: dict[str, RegistrationFigure] = {}
    entropies: dict[str, EntropyPicture] = {}
    missing: dict[str, str] = {}
    drawn = "with the lowest scores" if first_metric(rehearsal.cases) else "that ran first"
    for case in _left_undrawn(rehearsal):
        missing[case.name] = f"Of {len(rehearsal.cases)} cases, the {MOST_PICTURES} {drawn} are drawn."
    for case in (case for case in rehearsal.cases if case.name not in missing):
        with _noting_failure(case.name, missing):
            if picture := _picture(request, case):
                pictures[case.name] = picture
        with _noting_failure(case.name, missing):
            if entropy := _entropy(request, case):
                entropies[case.name] = entropy
        with _noting_failure(case.name, missing):
            if registration := _registration(request, case):
                registrations[case.name] = registration
    return Figures(pictures, registrations, entropies, missing)


def _left_undrawn(rehearsal: Rehearsal) -> list[CaseResult]:
    """Return the cases that passed and are not drawn, because there are many: those of the highest scores."""
    metric = first_metric(rehearsal.cases)
    passed = [case for case in rehearsal.cases if case.passed]
    means = {case.name: mean_over_structures(case.structures, metric) for case in passed}
    ordered = sorted(passed, key=lambda case: (means[case.name] is None, means[case.name] or 0.0))
    return ordered[MOST_PICTURES:]


@contextmanager
def _noting_failure(name: str, missing: dict[str, str]) -> Iterator[None]:
    """Note why a case's figure can't be drawn, and go on without it."""
    try:
        yield
    except InputError as error:
        missing[name] = printable(str(error))
    except MemoryError:
        missing[name] = "There was not enough memory to draw it."


def _picture(request: Request, case: CaseResult) -> Picture | None:
    """Draw a case that passed, whose output so lies on the right grid; None for another, and for any grid."""
    output = request.spec.output
    socket = request.spec.input(output.on_grid_of)
    folder = request.case(case.name)
    scan = first_image(folder.input_dir / socket.relative_path)
    if not case.passed or case.output_file is None or scan is None or not (output.keeps_grid and output.labels):
        return None
    reference = folder.reference(output.relative_path)
    image, crop = read_volume(scan, title=socket.title), crop_in(case.provenance)
    return draw_case(
        image,
        read_volume(request.output_dir(case.name) / case.output_file, title=output.title),
        None if reference is None else read_volume(reference, title="reference label map"),
        output.labels,
        crop=crop if crop and crop.lies_in(image) else None,
        pet=_pet(request, case, image),
    )


def _pet(request: Request, case: CaseResult, ct: sitk.Image) -> PetLayer | None:
    """Return the PET to be laid over the CT; None where there is none."""
    socket = request.spec.pet_on_output
    path = None if socket is None else first_image(request.case(case.name).input_dir / socket.relative_path)
    return None if path is None else pet_layer_of(read_volume(path, title="PET"), ct, Grid.of(ct))


def _entropy(request: Request, case: CaseResult) -> EntropyPicture | None:
    """Draw the entropy map of a case that passed; None for another, and without such a map."""
    output = request.spec.output
    socket = request.spec.input(output.on_grid_of)
    scan = first_image(request.case(case.name).input_dir / socket.relative_path)
    if not case.passed or case.output_file is None or scan is None or not case.maps:
        return None
    folder = request.output_dir(case.name)
    slugs = [socket.slug for socket in request.spec.maps if socket.kind == "entropy"]
    if not slugs:
        return None
    files = {output.title: case.output_file, "entropy map": case.maps[slugs[0]]}
    label_map, entropy = (read_volume(folder / file, title=title) for title, file in files.items())
    return draw_entropy(read_volume(scan, title=socket.title), label_map, entropy, output.labels)


def _registration(request: Request, case: CaseResult) -> RegistrationFigure | None:
    """Draw the registration that a case's provenance records; None without one."""
    record = record_in(case.provenance)
    if record is None:
        return None
    folder, sockets = request.case(case.name).input_dir, request.spec.inputs
    images = {socket.slug: path for socket in sockets if (path := first_image(folder / socket.relative_path))}
    return draw_registration(request.spec, images, record)
