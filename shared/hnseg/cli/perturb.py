"""`hnseg perturb`: an image with an artefact, as a scanner or a patient might make it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, get_args

import typer

from hnseg.cli.options.records import with_records
from hnseg.imaging.files.formats import WRITTEN
from hnseg.imaging.files.output_files import Output, output_files, write_image
from hnseg.imaging.files.reading import read_scan
from hnseg.imaging.modality import Modality
from hnseg.robustness.perturbations.images import Request, perturb_image
from hnseg.robustness.perturbations.kind import Kind
from hnseg.robustness.perturbations.motion import About
from hnseg.robustness.perturbations.scale import Units, modality_of
from hnseg.robustness.perturbations.settings import Settings
from hnseg.robustness.perturbations.severity import Severity
from hnseg.robustness.perturbations.spike import Reference

_SEVERITIES: tuple[Severity, ...] = get_args(Severity)


@dataclass(frozen=True)
class LeavingPublished:
    """Options in which the published perturbations may be left."""

    spike_reference: Annotated[
        Reference,
        typer.Option(help="Spikes are multiples of the spectrum's largest real part, as published, or modulus."),
    ] = "real"
    spike_compound: Annotated[
        bool, typer.Option(help="Whether a spike counts for the next one's height, as published.")
    ] = True
    motion_about: Annotated[
        About, typer.Option(help="Turns are about the first voxel, as published, or the image's centre.")
    ] = "origin"

    @property
    def settings(self) -> Settings:
        """Choices of the perturbations."""
        return Settings(
            spike_reference=self.spike_reference, spike_compound=self.spike_compound, motion_about=self.motion_about
        )


EXAMPLES = ("hnseg perturb ct.nii.gz --kind spike --severity 2 --seed 1 --output spiked.nii.gz",)


@with_records
def command(  # noqa: PLR0913 (one parameter an option)
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="A CT, PET or MR.")],
    *,
    kind: Annotated[Kind, typer.Option(help="The artefact.")],
    severity: Annotated[int, typer.Option(min=0, max=3, help="1 to 3; 0 leaves the image as it is.")],
    output: Annotated[Path, typer.Option(metavar="FILE", help="Result: the image with the artefact, in float32.")],
    seed: Annotated[int, typer.Option(min=0, help="Seed: the same one gives the same voxels.")] = 0,
    units: Annotated[
        Units,
        typer.Option(help="Scale of the strengths: as published, with a physical zero, or the file's own values."),
    ] = "normalised",
    modality: Annotated[
        Literal["auto", "ct", "pet", "mr"],
        typer.Option(help="auto: CT where values are Hounsfield units or go from 0 to 1, else scaled as PET and MR."),
    ] = "auto",
    case_name: Annotated[str, typer.Option(metavar="NAME", help="Name of the case; another one has other draws.")] = "",
    json: Annotated[Path | None, typer.Option(metavar="FILE.json", help="Values as JSON: what was drawn.")] = None,
    leaving: LeavingPublished,
) -> None:
    """Give an image an artefact: motion, ghosting, spikes, a bias field, noise or blur, with published strengths.

    The strengths are those of Schanne, Cuenot et al. by TorchIO 0.20.4. They are meant for normalised intensities, so
    an image is scaled, perturbed and scaled back, and the file keeps its units. On this scale, 0 and 1 are:
    normalised, a CT's smallest and largest value, another image's mean and one standard deviation above; physical,
    -1000 HU and the CT's range above, 0 and a standard deviation (SUV, MR); given, 0 and 1. So noise with a standard
    deviation of 0.25 on a CT from -1000 to 1000 HU has 500 HU.

    The result is float32 with the image's spacing, origin and direction. Draws depend on the seed, case, modality, kind
    and severity. The file of --json has request, scale (zero, unit) and parameters, and may hold the name of a case.
    """
    outputs = (Output("--output", output, suffixes=WRITTEN), Output("--json", json))
    with output_files(*outputs, inputs=(image,)) as files:
        scan = read_scan(image, title="image")
        taken: Modality = modality_of(scan) if modality == "auto" else modality
        request = Request(
            kind=kind,
            severity=_SEVERITIES[severity],
            case=case_name,
            modality=taken,
            seed=seed,
            units=units,
            settings=leaving.settings,
        )
        perturbed, drawn = perturb_image(scan, request)
        files.write("--output", lambda path: write_image(perturbed, path))
        files.write("--json", lambda path: path.write_text(drawn.model_dump_json(indent=2) + "\n", encoding="utf-8"))
    scaled = "" if severity == 0 else f", 1 is {drawn.scale.unit:g} above {drawn.scale.zero:g}"
    typer.echo(f"{output}: {kind} of severity {severity} (modality {taken}{scaled})")
