"""`hnseg register`: carry one image of a patient onto the grid of another."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import SimpleITK as sitk
import typer

from hnseg import __version__
from hnseg.errors import InputError, OutputError
from hnseg.imaging.geometry import Grid, array_of, resample_image
from hnseg.imaging.registration import Report, register_rigid
from hnseg.platform.reading import read_image
from hnseg.platform.spec import InputSocket


def command(
    fixed: Annotated[Path, typer.Option(metavar="FILE", help="The image whose grid the result is on.")],
    moving: Annotated[Path, typer.Option(metavar="FILE", help="The image that is carried over.")],
    output: Annotated[Path, typer.Option(metavar="FILE", help="The moving image on the fixed grid.")],
    transform: Annotated[
        Path | None, typer.Option(metavar="FILE.tfm", help="Write the transform, from fixed to moving points.")
    ] = None,
    report: Annotated[Path | None, typer.Option(metavar="FILE.json", help="Write what was measured.")] = None,
) -> None:
    """Register two MR images of one patient rigidly.

    Where the moving image ends, the result has its smallest value. A result that can't be trusted is not written:
    the reason is, to the report and the terminal.
    """
    started_s = time.monotonic()
    fixed_image, moving_image = _read(fixed, "fixed"), _read(moving, "moving")
    found = register_rigid(fixed=fixed_image, moving=moving_image)
    if report is not None:
        _write_report(found.report, report, seconds=time.monotonic() - started_s)
    if not found.accepted:
        raise InputError(
            f"{fixed} and {moving} must show the same part of one patient, but {found.in_words()}."
            " Are they of two patients, or is one of them stored with a wrong orientation?"
        )
    outside = float(array_of(moving_image).min())
    carried = resample_image(moving_image, Grid.of(fixed_image), transform=found.transform, outside=outside)
    with _written(output):
        sitk.WriteImage(carried, str(output), True)
    if transform is not None:
        with _written(transform):
            sitk.WriteTransform(found.transform, str(transform))
    typer.echo(f"{output}: {found.in_words()}")


def _read(path: Path, title: str) -> sitk.Image:
    if not path.is_file():
        raise InputError(f"The {title} image must be a file, but there is none at {path}. Is the path right?")
    return read_image(InputSocket(slug=title, relative_path=f"images/{title}", title=f"{title} image"), path)


def _write_report(report: Report, path: Path, *, seconds: float) -> None:
    versions = {"hnseg": __version__, "SimpleITK": sitk.Version_VersionString()}
    content = {**asdict(report), "seconds": round(seconds, 1), "versions": versions}
    with _written(path):
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


@contextmanager
def _written(path: Path) -> Iterator[None]:
    """Turn what goes wrong in writing into a sentence, and leave nothing half-written."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        path.unlink(missing_ok=True)
        reason = str(error).strip().splitlines()[-1]
        raise OutputError(f"{path} must be written, but that failed ({reason}). Does its folder exist?") from error
