"""`hnseg register`: carry one image of a patient onto the grid of another."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import Enum
from json import dumps
from pathlib import Path
from typing import Annotated, Any

import SimpleITK as sitk
import typer

from hnseg.errors import InputError
from hnseg.imaging.files.formats import WRITTEN
from hnseg.imaging.files.output_files import Output, output_files, write_image
from hnseg.imaging.files.reading import read_scan
from hnseg.imaging.geometry import Grid, array_of, resample_image
from hnseg.imaging.hounsfield import looks_like_hounsfield, shares_of_air_and_tissue
from hnseg.imaging.registration import (
    HOUNSFIELD,
    Intensities,
    Registration,
    RegistrationSettings,
    register_rigid,
)
from hnseg.imaging.registration.record import record_of
from hnseg.progress.bar import shown_progress
from hnseg.version import __version__


class Modality(str, Enum):
    """Meaning of an image's values."""

    AUTO = "auto"
    CT = "ct"
    MR = "mr"


TRANSFORMS = (".tfm", ".txt", ".mat", ".h5", ".hdf5", ".xfm")
"""Suffixes of the files of transforms that ITK writes."""

INTENSITIES = {Modality.CT: HOUNSFIELD, Modality.MR: Intensities()}


@dataclass(frozen=True)
class _Scan:
    """Image as it was given, and the meaning of its values."""

    path: Path
    image: sitk.Image
    modality: Modality

    @property
    def in_words(self) -> str:
        """File and modality in words."""
        return f"{self.path} ({self.modality.value.upper()})"


EXAMPLES = (
    "hnseg register --fixed ct.nii.gz --moving mr.nii.gz --output mr_on_ct.nii.gz --checkerboard checkerboard.png",
)


def command(  # noqa: PLR0913, PLR0917 (the command line's options)
    fixed: Annotated[Path, typer.Option(metavar="FILE", help="The image whose grid the result is on.")],
    moving: Annotated[Path, typer.Option(metavar="FILE", help="The image that is carried over.")],
    output: Annotated[Path, typer.Option(metavar="FILE", help="Result: the moving image on the fixed grid.")],
    fixed_modality: Annotated[
        Modality, typer.Option(help="auto: CT where air and tissue have their Hounsfield units, else MR.")
    ] = Modality.AUTO,
    moving_modality: Annotated[Modality, typer.Option(help="As for the fixed image.")] = Modality.AUTO,
    transform: Annotated[
        Path | None, typer.Option(metavar="FILE.tfm", help="Write the transform, from fixed to moving points.")
    ] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE.json", help="Values as JSON: what was measured.")] = None,
    checkerboard: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Draw both images in alternate squares.")
    ] = None,
) -> None:
    """Register two images of one patient rigidly, CT or MR.

    Where the moving image ends, the result has its smallest value. A result that can't be trusted is not written:
    the reason is, to the file of --json and the terminal, and the checkerboard shows it.

    That file holds status (registered, rejected, not_attempted), reason and likely_cause; quality: mutual_information,
    correlation, body_dice, overlap, drop, drift_mm, rotation_deg, shift_mm; near_body_only, starts and starts_agreeing;
    gate, what was asked of the quality; matrix and offset_mm, which take a fixed point p to the moving point
    matrix @ p + offset_mm (LPS); fixed and moving with their modalities; seconds and versions.
    """
    started_s = time.monotonic()
    outputs = (
        Output("--output", output, suffixes=WRITTEN),
        Output("--transform", transform, suffixes=TRANSFORMS),
        Output("--json", json),
        Output("--checkerboard", checkerboard, suffixes=(".png",)),
    )
    with output_files(*outputs, inputs=(fixed, moving)) as files:
        one, other = _scan(fixed, "fixed", fixed_modality), _scan(moving, "moving", moving_modality)
        settings = RegistrationSettings(fixed=INTENSITIES[one.modality], moving=INTENSITIES[other.modality])
        with shown_progress() as progress, progress.step("register"):
            found = register_rigid(fixed=one.image, moving=other.image, settings=settings)
        seconds = time.monotonic() - started_s
        files.write("--json", lambda path: _write_json(_report(found, one, other, settings, seconds=seconds), path))
        if found.report.status != "not_attempted":
            files.write("--checkerboard", lambda path: path.write_bytes(_drawn(one, other, found)))
        if found.accepted:
            files.write("--output", lambda path: write_image(_carried(one, other, found), path))
            files.write("--transform", lambda path: sitk.WriteTransform(found.transform, str(path)))
    if not found.accepted:  # after the block, which gives the report and the checkerboard their names
        raise InputError(
            f"{one.in_words} and {other.in_words} must show the same part of one patient, but {found.in_words()}."
            f" {found.report.likely_cause}"
        )
    taken = " and ".join(f"{scan.path.name} as {scan.modality.value.upper()}" for scan in (one, other))
    typer.echo(f"{output}: {found.in_words()} ({taken})")


def _scan(path: Path, title: str, modality: Modality) -> _Scan:
    image = read_scan(path, title=f"{title} image")
    if modality is Modality.AUTO:
        modality = Modality.CT if looks_like_hounsfield(image) else Modality.MR
    elif modality is Modality.CT and not looks_like_hounsfield(image):
        air, tissue = shares_of_air_and_tissue(image)
        raise InputError(
            f"A CT must be in Hounsfield units, but of the {title} image {path} {air:.1%} have the values of air, below"
            f" -200, and {tissue:.1%} those of soft tissue, up to 300. Is it an MR, or stored without its rescale"
            " intercept?"
        )
    return _Scan(path, image, modality)


def _report(
    found: Registration, fixed: _Scan, moving: _Scan, settings: RegistrationSettings, *, seconds: float
) -> dict[str, Any]:
    return {
        **record_of(found, fixed=str(fixed.path), moving=str(moving.path), seconds=seconds),
        "fixed_modality": fixed.modality.value,
        "moving_modality": moving.modality.value,
        "gate": settings.gate.model_dump(),
        "versions": {"hnseg": __version__, "SimpleITK": sitk.Version_VersionString()},
    }


def _drawn(fixed: _Scan, moving: _Scan, found: Registration) -> bytes:
    from hnseg.drawing.checkerboard import draw_checkerboard  # brings matplotlib

    return draw_checkerboard(fixed.image, moving.image, found.transform)


def _carried(fixed: _Scan, moving: _Scan, found: Registration) -> sitk.Image:
    """Return the moving image on the fixed grid, with its smallest value outside."""
    outside = float(array_of(moving.image).min())
    return resample_image(moving.image, Grid.of(fixed.image), transform=found.transform, outside=outside)


def _write_json(content: dict[str, Any], path: Path) -> None:
    path.write_text(dumps(content, indent=2) + "\n", encoding="utf-8")
