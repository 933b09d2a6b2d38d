"""`hnseg predict`: any nnU-Net v2 ensemble on any image, as nnU-Net itself would."""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import SimpleITK as sitk
import typer
from rich.progress import Progress

from hnseg.cli.options import BackendOption, DeviceOption, PrecisionOption, SkipAirOption
from hnseg.errors import InputError
from hnseg.imaging.channels import Channels, channels_of, check_count
from hnseg.imaging.files.formats import WRITTEN
from hnseg.imaging.files.output_files import Output, OutputFiles, output_files, write_image
from hnseg.imaging.files.reading import read_volume
from hnseg.machine import GIB, data_limit_bytes, is_exhausted
from hnseg.platform.failure import sentence_of
from hnseg.provenance import Provenance

if TYPE_CHECKING:
    from hnseg.inference.ensemble import Ensemble
    from hnseg.inference.model.bundle import Bundle
    from hnseg.inference.model.manifest import Fold
    from hnseg.inference.planning.effort import Effort


def command(  # noqa: PLR0913, PLR0917 (a verb's options)
    model_dir: Annotated[Path, typer.Argument(help="An nnU-Net v2 result folder, or an exported bundle.")],
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="One a channel, in the model's order.")],
    output: Annotated[Path, typer.Option(metavar="FILE", help="The label map; .mha, .nii.gz, .nii or .nrrd.")],
    folds: Annotated[str | None, typer.Option(metavar="0,1,...", help="Only these folds; all if left out.")] = None,
    no_mirroring: Annotated[bool, typer.Option("--no-mirroring", help="Don't look at mirrored copies.")] = False,
    step: Annotated[float, typer.Option(min=0.1, max=1.0, help="Distance between tiles, in patches.")] = 0.5,
    device: DeviceOption = "auto",
    precision: PrecisionOption = "exact",
    backend: BackendOption = "auto",
    skip: SkipAirOption = "none",
    limit_s: Annotated[float, typer.Option(min=0, help="Seconds it may take; what is given up is said.")] = float(
        "inf"
    ),
    ram_gib: Annotated[float, typer.Option(min=0, help="Memory this may take.")] = float("inf"),
    vram_gib: Annotated[float, typer.Option(min=0, help="Memory of the GPU this may take.")] = float("inf"),
    probabilities: Annotated[Path | None, typer.Option(metavar="FILE.npy", help="Write (k, z, y, x) too.")] = None,
    uncertainty: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write entropy, mutual information and a table of structures.")
    ] = None,
    report: Annotated[Path | None, typer.Option(metavar="FILE.json", help="Write what was done and given up.")] = None,
) -> None:
    """Segment an image with the ensemble of an nnU-Net v2 model.

    The label map has the geometry of the first image, is compressed, and is nnU-Net's own to within rounding.
    """
    from hnseg.inference.labelling.uncertainty_files import folder_made, uncertainty_outputs
    from hnseg.inference.loading import load_ensemble
    from hnseg.inference.model.bundle import open_bundle
    from hnseg.inference.planning.effort import Effort

    provenance = Provenance()
    provenance.record(limit_s=limit_s if np.isfinite(limit_s) else None)
    outputs = (
        Output("--output", output, f"A label map must be written to {output.parent}", WRITTEN),
        Output("--probabilities", probabilities, _promise("Probabilities", probabilities), (".npy",)),
        Output("--report", report, _promise("The report", report)),
        *uncertainty_outputs(uncertainty),
    )
    with _limited_ram(ram_gib), folder_made(uncertainty), output_files(*outputs, inputs=[*images, model_dir]) as files:
        with provenance.step("load"):
            bundle = open_bundle(model_dir, folds=_folds(folds))
            ensemble = load_ensemble(bundle, device=device, vram_gib=vram_gib, precision=precision, backend=backend)
        effort = Effort(step=step, mirroring=not no_mirroring, skip=skip)
        label_map = _segment(ensemble, images, provenance, limit_s=limit_s, effort=effort, files=files)
        with provenance.step("write"):
            files.write("--output", lambda path: write_image(label_map, path))
        as_json = json.dumps(json.loads(provenance.as_json()), indent=2) + "\n"
        files.write("--report", lambda path: path.write_text(as_json, encoding="utf-8"))
    typer.echo(str(output))


def _promise(title: str, path: Path | None) -> str:
    return "" if path is None else f"{title} must be written to {path.parent}"


def _segment(
    ensemble: Ensemble,
    images: Sequence[Path],
    provenance: Provenance,
    *,
    limit_s: float,
    effort: Effort,
    files: OutputFiles,
) -> sitk.Image:
    """Return the label map of an image, with a bar on a terminal, and record how it came about."""
    from hnseg.inference.labelling.uncertainty_files import are_asked_for, write_uncertainty
    from hnseg.inference.model.manifest import sha256_of
    from hnseg.inference.planning.deadline import Deadline
    from hnseg.inference.predictor import start_prediction

    bundle = ensemble.bundle
    with provenance.step("read"):
        channels = _read(images, bundle)
        inputs = dict(zip(bundle.channels, map(sha256_of, images), strict=True))
        provenance.record(model_sha256=bundle.sha256, inputs_sha256=inputs)
    with provenance.step("predict"), Progress(disable=not sys.stdout.isatty()) as bar:
        task = bar.add_task("predict", total=None)
        prediction = start_prediction(
            ensemble,
            channels,
            Deadline.from_process_start(limit_s),
            effort=effort,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
            probabilities=_mapped(files, (ensemble.outputs, *channels.grid.shape_zyx)),
            uncertainty=are_asked_for(files),
        )
        del channels  # gone before the networks run
        predicted = prediction.predict()
        provenance.note(*predicted.notes)
        provenance.record(**predicted.record)
    if predicted.uncertainty is not None:
        with provenance.step("write_uncertainty"):
            write_uncertainty(files, predicted.uncertainty)
    return predicted.label_map


def _mapped(files: OutputFiles, shape: tuple[int, ...]) -> np.memmap[Any, Any] | None:
    """Return the file of probabilities as an array (k, z, y, x) that takes no memory; None where none was asked for.

    Raises:
        OutputError: It can't be made.
    """
    return files.write(
        "--probabilities",
        lambda path: np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=shape),
    )


def _folds(text: str | None) -> list[Fold] | None:
    if text is None:
        return None
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() or word == "all" for word in words):
        raise typer.BadParameter(f"must be numbers with commas between them, or all, found {text!r}")
    return ["all" if word == "all" else int(word) for word in words]


def _read(paths: Sequence[Path], bundle: Bundle) -> Channels:
    """Read one image a channel.

    Raises:
        InputError: There are more or fewer images than channels, or one can't be used or lies on another grid.
    """
    check_count(len(paths), bundle.channels)
    titles = [f"image of channel {channel}" for channel in bundle.channels]
    images = [read_volume(path, title=title) for path, title in zip(paths, titles, strict=True)]
    return channels_of(images, bundle.channels, titles=[str(path) for path in paths])


@contextmanager
def _limited_ram(ram_gib: float) -> Iterator[None]:
    """Keep this process's memory under a limit, and refuse a case that does not fit, in a sentence."""
    former = resource.getrlimit(resource.RLIMIT_DATA)
    if np.isfinite(ram_gib):
        resource.setrlimit(resource.RLIMIT_DATA, (data_limit_bytes(ram_gib * GIB), former[1]))
    try:
        yield
    except (MemoryError, RuntimeError, OSError, ImportError) as error:  # each of them can mean it
        if not is_exhausted(error):
            raise
        raise InputError(sentence_of(error)) from error
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, former)
