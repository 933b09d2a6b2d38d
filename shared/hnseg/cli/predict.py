"""`hnseg predict`: any nnU-Net v2 ensemble on any image, as nnU-Net itself would."""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import SimpleITK as sitk
import typer
from rich.progress import Progress

from hnseg.cli.run import Device
from hnseg.errors import InputError, OutputError
from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import Grid, array_of
from hnseg.memory import is_exhausted
from hnseg.platform.failure import sentence_of
from hnseg.platform.integrity import is_damaged
from hnseg.provenance import Provenance

if TYPE_CHECKING:
    from hnseg.inference.bundle import Bundle
    from hnseg.inference.manifest import Fold

SUFFIXES = (".mha", ".nii.gz", ".nii", ".nrrd")
_GIB = 1 << 30


def command(  # noqa: PLR0913, PLR0917 (a verb's options)
    model_dir: Annotated[Path, typer.Argument(help="An nnU-Net v2 result folder, or an exported bundle.")],
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="One a channel, in the model's order.")],
    output: Annotated[Path, typer.Option(metavar="FILE", help="The label map; .mha, .nii.gz, .nii or .nrrd.")],
    folds: Annotated[str | None, typer.Option(metavar="0,1,...", help="Only these folds; all if left out.")] = None,
    no_mirroring: Annotated[bool, typer.Option("--no-mirroring", help="Don't look at mirrored copies.")] = False,
    step: Annotated[float, typer.Option(min=0.1, max=1.0, help="Distance between tiles, in patches.")] = 0.5,
    device: Annotated[Device, typer.Option(help="Where the networks run.")] = Device.AUTO,
    precision: Annotated[
        Literal["exact", "fast"],
        typer.Option(envvar="HNSEG_PRECISION", help="exact: nnU-Net's label map; fast: in half precision, sooner."),
    ] = "exact",
    backend: Annotated[
        Literal["auto", "torch", "openvino"],
        typer.Option(envvar="HNSEG_BACKEND", help="What runs the networks; auto is OpenVINO on a CPU that has it."),
    ] = "auto",
    skip: Annotated[
        Literal["none", "air"],
        typer.Option(help="Leave tiles of air unseen: sooner, and not quite nnU-Net's label map."),
    ] = "none",
    limit_s: Annotated[
        float, typer.Option(min=0, help="Seconds this may take; what is given up for that is said.")
    ] = float("inf"),
    ram_gib: Annotated[float, typer.Option(min=0, help="Memory this may take.")] = float("inf"),
    vram_gib: Annotated[float, typer.Option(min=0, help="Memory of the GPU this may take.")] = float("inf"),
    probabilities: Annotated[
        Path | None,
        typer.Option(metavar="FILE.npy", help="Write each class's probabilities too: (k, z, y, x), half precision."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="Write versions, checksums, times and what was given up.")
    ] = None,
) -> None:
    """Segment an image with the ensemble of an nnU-Net v2 model.

    The label map has the geometry of the first image, is compressed, and is nnU-Net's own to within rounding.
    """
    from hnseg.inference.budget import Deadline, Effort
    from hnseg.inference.bundle import open_bundle
    from hnseg.inference.ensemble import load_ensemble
    from hnseg.inference.manifest import sha256_of

    story = Provenance()
    with _limited_ram(ram_gib), _unfinished(output) as unfinished, _beside(probabilities) as unfinished_probabilities:
        with story.stage("load"):
            bundle = open_bundle(model_dir, folds=_folds(folds))
            ensemble = load_ensemble(
                bundle, device=device.value, vram_gib=vram_gib, precision=precision, backend=backend
            )
        with story.stage("read"):
            channels = _read(images, bundle)
            inputs = dict(zip(bundle.channels, map(sha256_of, images), strict=True))
            story.record(model_sha256=bundle.sha256, inputs_sha256=inputs, **ensemble.record)
        with story.stage("predict"), Progress(disable=not sys.stdout.isatty()) as bar:
            task = bar.add_task("predict", total=None)
            predicted = ensemble.predict(
                channels,
                probabilities=_mapped(unfinished_probabilities, (ensemble.outputs, *channels.grid.shape_zyx)),
                deadline=Deadline.from_process_start(limit_s),
                effort=Effort(step=step, mirroring=not no_mirroring, skip=skip),
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
            story.note(*predicted.notes)
            record = dict(predicted.record)
            story.record(effort_spent=record.pop("effort"), **record, limit_s=limit_s if np.isfinite(limit_s) else None)
        with story.stage("write"):
            _write(predicted.label_map, unfinished)
            unfinished.replace(output)
            if probabilities is not None and unfinished_probabilities is not None:
                unfinished_probabilities.replace(probabilities)
    if report is not None:
        report.write_text(json.dumps(json.loads(story.as_json()), indent=2) + "\n", encoding="utf-8")
    typer.echo(str(output))


@contextmanager
def _beside(path: Path | None) -> Iterator[Path | None]:
    """Give the path to write first, and clean it up; None for none."""
    unfinished = None if path is None else path.with_name(f".unfinished-{path.name}")
    try:
        yield unfinished
    finally:
        if unfinished is not None:
            unfinished.unlink(missing_ok=True)


def _mapped(path: Path | None, shape: tuple[int, ...]) -> np.memmap[Any, Any] | None:
    """Return a new file of numbers as an array that takes no memory, or None for none.

    Raises:
        OutputError: It can't be made.
    """
    if path is None:
        return None
    try:
        return np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=shape)
    except OSError as error:
        raise OutputError(
            f"Probabilities must be written to {path.parent}, but that failed ({error.strerror})."
            " Does the folder exist, and is there space and permission to write?"
        ) from error


def _folds(text: str | None) -> list[Fold] | None:
    if text is None:
        return None
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdigit() or word == "all" for word in words):
        raise typer.BadParameter(f"must be numbers with commas between them, or all, found {text!r}")
    return ["all" if word == "all" else int(word) for word in words]


def _read(paths: Sequence[Path], bundle: Bundle) -> Channels:
    """Read one image a channel.

    Raises:
        InputError: There are more or fewer images than channels, or one can't be used or lies on another grid.
    """
    if len(paths) != len(bundle.channels):
        raise InputError(
            f"There must be one image for each of the model's {len(bundle.channels)} channels"
            f" ({', '.join(bundle.channels)}, in this order), but {len(paths)} were given."
        )
    images = [_read_image(path) for path in paths]
    grid = Grid.of(images[0])
    for path, image in zip(paths, images, strict=True):
        if difference := Grid.of(image).differences(grid):
            raise InputError(
                f"Every channel must be on the same grid, but {path} has {difference} of {paths[0]}."
                " Was it not resampled or registered yet?"
            )
    return Channels(np.stack([array_of(image) for image in images]).astype(np.float32, copy=False), grid)


def _read_image(path: Path) -> sitk.Image:
    unreadable = f"{path} must be an image that SimpleITK can read, but it can't. Does it exist, and is it whole?"
    try:
        is_cut = is_damaged(path)
        image: sitk.Image = sitk.ReadImage(str(path))
    except (OSError, RuntimeError) as error:
        if is_exhausted(error):
            raise
        raise InputError(unreadable) from error
    if is_cut:
        raise InputError(unreadable)
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        raise InputError(
            f"{path} must be a 3-D image with one number a voxel, but is {image.GetDimension()}-D with"
            f" {image.GetNumberOfComponentsPerPixel()}. Is it a colour image, or are channels to be given one by one?"
        )
    array = sitk.GetArrayViewFromImage(image)
    if not np.isfinite(array).all():
        raise InputError(f"{path} must hold finite numbers only, but holds NaN or infinity. Was it divided by zero?")
    return image


@contextmanager
def _limited_ram(ram_gib: float) -> Iterator[None]:
    """Keep this process's memory under a limit, and tell a case that does not fit in a sentence."""
    former = resource.getrlimit(resource.RLIMIT_DATA)
    if np.isfinite(ram_gib):
        resource.setrlimit(resource.RLIMIT_DATA, (int(ram_gib * _GIB), former[1]))
    try:
        yield
    except (MemoryError, RuntimeError, OSError, ImportError) as error:  # each of them can mean it
        if not is_exhausted(error):
            raise
        raise InputError(sentence_of(error)) from error
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, former)


@contextmanager
def _unfinished(output: Path) -> Iterator[Path]:
    """Make sure that the output can be written, before any work; give the path to write first, and clean it up.

    Raises:
        OutputError: It can't.
    """
    if not output.name.endswith(SUFFIXES):
        raise OutputError(f"The label map must be one file of type {', '.join(SUFFIXES)}, but {output} was asked for.")
    unfinished = output.with_name(f".unfinished-{output.name}")
    try:
        _write(sitk.Image([1, 1, 1], sitk.sitkUInt8), unfinished)
        yield unfinished
    finally:
        unfinished.unlink(missing_ok=True)


def _write(label_map: sitk.Image, path: Path) -> None:
    try:
        sitk.WriteImage(label_map, str(path), True)
        # Read back, because a full disk can go unnoticed.
        reason = "" if np.array_equal(array_of(sitk.ReadImage(str(path))), array_of(label_map)) else "it is not whole"
    except (OSError, RuntimeError) as error:
        if is_exhausted(error):
            raise
        reason = str(error).strip().rpartition("Reason: ")[2].splitlines()[-1]
    if reason:
        raise OutputError(
            f"A label map must be written to {path.parent}, but that failed ({reason})."
            " Does the folder exist, and is there space and permission to write?"
        )
