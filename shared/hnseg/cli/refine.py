"""`hnseg refine`: a segmentation corrected by clicks, with a model that was trained with channels for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import SimpleITK as sitk
import typer

from hnseg.cli.options.records import with_records
from hnseg.cli.options.run import CheckpointOption, GuardOption, NetworkOptions
from hnseg.cli.printing import show_table
from hnseg.imaging.files.formats import WRITTEN
from hnseg.imaging.files.output_files import Output, OutputFiles, output_files, write_image
from hnseg.imaging.geometry import image_of
from hnseg.progress.bar import shown_progress

if TYPE_CHECKING:
    from hnseg.imaging.prompts.click import Click
    from hnseg.inference.model.bundle import Bundle
    from hnseg.progress.watcher import Watcher
    from hnseg.refinement.case_files import CaseImages
    from hnseg.refinement.session import RefinementSession


@dataclass(frozen=True)
class RefineOptions:
    """Options on the label map to start from, and on what a click may change."""

    checkpoint: CheckpointOption = "auto"
    start_from: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Start: a label map; the networks' own if left out.")
    ] = None
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Page: the label map before and after each click.")
    ] = None
    guard: GuardOption = True
    guard_mm: Annotated[float, typer.Option(min=1.0, help="Distance from a click beyond which it changes nothing.")] = (
        30.0
    )

    @property
    def inputs(self) -> tuple[Path, ...]:
        """Files that are read."""
        return () if self.start_from is None else (self.start_from,)


EXAMPLES = (
    "hnseg refine model ct.nii.gz pet.nii.gz --clicks clicks.json --output refined.nii.gz --report refined.html",
)


@with_records
def command(
    model_dir: Annotated[Path, typer.Argument(help="A model folder with channels for clicks.")],
    images: Annotated[list[Path], typer.Argument(metavar="CT [PET]", help="One a channel, in the model's order.")],
    *,
    clicks: Annotated[
        Path, typer.Option(metavar="FILE.json", help="Clicks: the platform's Multiple points; voxels or mm.")
    ],
    output: Annotated[Path, typer.Option(metavar="FILE", help="Result: the label map; .mha, .nii.gz, .nii or .nrrd.")],
    options: RefineOptions,
    networks: NetworkOptions,
) -> None:
    """Correct the segmentation of an image by clicks, one after another, and tell what each of them changed.

    The clicks' names are those of the model's structures, `not` and such a name for a click that is outside, and
    `tumor` and `background` for the structure that is there. A click changes only what hangs together with it and is
    near, unless --no-guard is given. A PET is laid on the CT, and may be left out, where the model's method.json has
    the settings of a PET/CT.
    """
    outputs = (
        Output("--output", output, f"A label map must be written to {output.parent}", WRITTEN),
        Output("--report", options.report, "", (".html",)),
    )
    with output_files(*outputs, inputs=[*images, clicks, *options.inputs, model_dir]) as files:
        _refine(model_dir, images, clicks, options, networks, files)
    typer.echo(str(output))


def _refine(
    model_dir: Path,
    images: Sequence[Path],
    clicks: Path,
    options: RefineOptions,
    networks: NetworkOptions,
    files: OutputFiles,
) -> None:
    """Refine one image and write what was asked for: all of it, or nothing."""
    from hnseg.cli.refinement.page import as_page, changes_table
    from hnseg.inference.model.bundle import open_bundle
    from hnseg.refinement.case_files import read_case_images, read_clicks, read_start

    bundle = open_bundle(model_dir, checkpoint=options.checkpoint)
    case = read_case_images(bundle, images)
    given = read_clicks(clicks, case.grid, bundle.dataset.prompts.structures if bundle.dataset.prompts else ())
    start = None if options.start_from is None else read_start(options.start_from, bundle, case.grid)
    with shown_progress() as progress:
        session = _session(bundle, case, start, options, networks, progress)
        figures = []
        for number, click in enumerate(given, start=1):
            with progress.step(f"click {number} of {len(given)}"):
                figures.append(_taken(session, click, case, is_drawn=files.has("--report")))
    show_table(changes_table(session.changes))
    files.write("--output", lambda path: write_image(case.put_back(session.label_map, start), path))
    page = as_page(session.changes, figures, name_of_model=model_dir.name)
    files.write("--report", lambda path: path.write_text(page, encoding="utf-8"))


def _session(
    bundle: Bundle,
    case: CaseImages,
    start: sitk.Image | None,
    options: RefineOptions,
    networks: NetworkOptions,
    progress: Watcher,
) -> RefinementSession:
    """Return the session, with the label map that it starts from."""
    from hnseg.inference.loading import load_ensemble
    from hnseg.refinement.guard import Guard
    from hnseg.refinement.session import RefinementSession

    with progress.step("load"):
        ensemble = load_ensemble(bundle, device=networks.device, precision=networks.precision, backend=networks.backend)
    with progress.step("predict"):
        return RefinementSession(
            ensemble,
            case.channels,
            start="automatic" if start is None else case.cut(start),
            guard=Guard(reach_mm=options.guard_mm) if options.guard else None,
            progress=progress.work_done,
        )


def _taken(session: RefinementSession, click: Click, case: CaseImages, *, is_drawn: bool) -> bytes:
    """Let a session take a click, and return the picture of what it changed; empty where none is drawn."""
    before = session.label_map
    change = session.add(click)
    if not is_drawn:
        return b""
    from hnseg.drawing.click import draw_click

    scan = image_of(case.channels.array[0], case.channels.grid)
    labels = {value: name for value, name in enumerate(("", *change.structures)) if value}
    return draw_click(scan, before, session.label_map, labels, change.click)
