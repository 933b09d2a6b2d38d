"""The same training and container code on real PET/CT: 16 soft-tissue sarcomas of thigh and leg, cross-validated.

    python benchmarks/real_petct.py layout "$HNSEG_REAL_DATA/petctmr_sts" --work build/sts
    python benchmarks/real_petct.py train --work build/sts --epochs 10 --iterations 60
    python benchmarks/real_petct.py score --work build/sts

`sarcomas.py` says what these patients are. `layout` lays the files out as HECKTOR's of 2026, the GTV as GTVp. `train`
runs `hnseg-train` on them as a user would; called again it goes on where it stopped.
`score` segments each patient with the one fold that never saw it, through the container's own pipeline, with the PET
and without; writes label maps, a picture of each patient and scores.json; and prints a table.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

import numpy as np
import SimpleITK as sitk
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from sarcomas import (
    DESCRIPTION,
    GTVP,
    PATIENTS,
    SOFT_TISSUE_HU,
    Patient,
    convert_and_plan,
    lay_out,
    outline,
    run_program,
    run_step,
    validation_patients,
)
from threshold import SHARE, threshold

from containers.hecktor.spec import CT, PET
from hnseg.evaluation.measures.overlap import Overlap, aggregated_dice, overlap_of
from hnseg.evaluation.tables import Table
from hnseg.imaging.geometry import Grid, array_of, image_of, resample_image
from hnseg.inference.ensemble import Ensemble
from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.planning.deadline import Deadline
from hnseg.pipeline import run_case
from hnseg.platform.challenge import Challenge, load_challenge
from hnseg.provenance import Provenance
from hnseg_training.dataset.work_folder import write_json

ROOT = Path(__file__).parents[1]
CHALLENGE = "hecktor"
EDITION = "2025"  # which asks for the label map alone

WITH_PET, WITHOUT_PET = "PET/CT", "CT only"
TOLD, NOT_TOLD = "41 % of the largest SUV, told where", "41 % of the largest SUV of the volume"
WAYS = (WITH_PET, WITHOUT_PET, TOLD, NOT_TOLD)

SLICES = (0.25, 0.5, 0.75)  # of the tumour's height
COLOURS = {WITH_PET: "red", TOLD: "deepskyblue"}


@dataclass(frozen=True)
class Scored:
    """A patient's overlaps by way, and what the tumour is like."""

    volume_ml: float
    suv_max: float
    overlaps: Mapping[str, Overlap]


def main() -> int:
    """Run the step that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    steps = parser.add_subparsers(required=True, metavar="STEP")
    layout = steps.add_parser("layout", help="lay the files out as the challenge's")
    layout.add_argument("source", type=Path, help="folder of STS_001 and so on")
    train = steps.add_parser("train", help="convert, plan, fit five folds, export")
    train.add_argument("--preset", default="demo-hecktor", help="of hnseg-train (default: %(default)s)")
    train.add_argument("--epochs", type=int, default=10, help="of each fold (default: %(default)s)")
    train.add_argument("--iterations", type=int, default=60, help="of each epoch (default: %(default)s)")
    train.add_argument("--threads", type=int, default=1, help="of the network (default: %(default)s)")
    score = steps.add_parser("score", help="segment, compare and draw")
    run_step(parser, {layout: lay_out, train: train_folds, score: score_folds})
    return 0


def train_folds(given: argparse.Namespace) -> None:
    """Run the commands of hnseg-train, but for those that an earlier call has finished."""
    work, model = convert_and_plan(CHALLENGE, given.work, given.preset), given.work / "model"
    schedule = ("--epochs", given.epochs, "--iterations", given.iterations, "--threads", given.threads)
    run_program("hnseg-train", "fit", CHALLENGE, "--work", work, *schedule, "--resume")
    shutil.rmtree(model, ignore_errors=True)
    run_program("hnseg-train", "export", CHALLENGE, "--work", work, "--output", model, *DESCRIPTION)


def score_folds(given: argparse.Namespace) -> None:
    """Segment each patient with the fold that never saw it, draw it, and print the table."""
    challenge = load_challenge(ROOT / "containers" / CHALLENGE, EDITION)
    scores: dict[str, Scored] = {}
    for name, ensemble in unseen(given.work):
        patient = Patient.laid_out(given.work / PATIENTS / name)
        found = label_maps(challenge, ensemble, patient)
        scores[name] = scored(patient, found)
        for way, label_map in found.items():
            folder = given.work / "label_maps" / way.replace("/", "-")
            folder.mkdir(parents=True, exist_ok=True)
            sitk.WriteImage(label_map, str(folder / f"{name}.nii.gz"), useCompression=True)
        draw(patient, found, scores[name], given.work / "pictures")
        print(f"{name}: {scores[name].overlaps[WITH_PET].dice:.3f}", file=sys.stderr)
    scores = dict(sorted(scores.items()))
    as_json = {name: {way: of.metrics for way, of in score.overlaps.items()} for name, score in scores.items()}
    write_json(given.work / "scores.json", as_json)
    print(table_of(scores).as_markdown())


def unseen(work: Path) -> Iterator[tuple[str, Ensemble]]:
    """Yield each patient's name with the one fold that was not trained on it."""
    for fold, names in enumerate(validation_patients(CHALLENGE, work)):
        ensemble = load_ensemble(open_bundle(work / "model", folds=(fold,)))
        for name in names:
            yield name, ensemble


def label_maps(challenge: Challenge, ensemble: Ensemble, patient: Patient) -> dict[str, sitk.Image]:
    """Return a patient's label map by way."""
    return {
        WITH_PET: segment(challenge, ensemble, {CT: patient.files["CT_image"], PET: patient.files["PET_image"]}),
        WITHOUT_PET: segment(challenge, ensemble, {CT: patient.files["CT_image"]}),
        TOLD: threshold(patient.pet, patient.reference),
        NOT_TOLD: threshold_of_volume(patient.pet, Grid.of(patient.ct)),
    }


def segment(challenge: Challenge, ensemble: Ensemble, images: Mapping[str, Path]) -> sitk.Image:
    """Run the container's pipeline on a case with these images, by the slug of their socket."""
    with tempfile.TemporaryDirectory() as folder:
        given, output = Path(folder) / "input", Path(folder) / "output"
        for slug, image in images.items():
            socket = given / challenge.spec.input(slug).relative_path
            socket.mkdir(parents=True)
            shutil.copy(image, socket)
        output.mkdir()
        folders = {"inputs": given, "output_dir": output}
        run_case(challenge, ensemble, **folders, deadline=Deadline.never(), provenance=Provenance())
        (written,) = (output / challenge.spec.output.relative_path).iterdir()
        return sitk.ReadImage(str(written))


def threshold_of_volume(pet: sitk.Image, grid: Grid) -> sitk.Image:
    """Return as GTVp what has at least 41 % of the largest SUV anywhere."""
    suv = array_of(resample_image(pet, grid))
    return image_of((suv >= SHARE * suv.max()).astype(np.uint8), grid)


def scored(patient: Patient, found: Mapping[str, sitk.Image]) -> Scored:
    """Return how each label map overlaps with the reference."""
    grid, reference = Grid.of(patient.reference), array_of(patient.reference)
    overlaps = {
        way: overlap_of(array_of(label_map), reference, label=GTVP, voxel_volume_mm3=grid.voxel_volume_mm3)
        for way, label_map in found.items()
    }
    suv = array_of(resample_image(patient.pet, grid))
    return Scored(overlaps[WITH_PET].reference_mm3 / 1000, float(suv[reference == GTVP].max()), overlaps)


def table_of(scores: Mapping[str, Scored]) -> Table:
    """Return one row a patient, and what they come to."""
    rows = [
        (name, f"{score.volume_ml:.0f}", f"{score.suv_max:.1f}", *(f"{score.overlaps[way].dice:.3f}" for way in WAYS))
        for name, score in scores.items()
    ]
    by_way = [[score.overlaps[way] for score in scores.values()] for way in WAYS]
    for title, value in (
        ("mean", lambda overlaps: mean(overlap.dice for overlap in overlaps)),
        ("median", lambda overlaps: median(overlap.dice for overlap in overlaps)),
        ("aggregated", aggregated_dice),
    ):
        rows.append((title, "", "", *(f"{value(overlaps):.3f}" for overlaps in by_way)))
    return Table((f"{len(scores)} patients", "GTV (ml)", "largest SUV", *WAYS), tuple(rows))


def draw(patient: Patient, found: Mapping[str, sitk.Image], score: Scored, folder: Path) -> None:
    """Write three slices of CT and PET with the contours of the reference and of what was found."""
    ct, suv = array_of(patient.ct), array_of(resample_image(patient.pet, Grid.of(patient.ct)))
    masks = {"lime": array_of(patient.reference) == GTVP}
    masks |= {colour: array_of(found[way]) == GTVP for way, colour in COLOURS.items()}
    inside = np.flatnonzero(masks["lime"].any(axis=(1, 2)))
    figure = Figure(figsize=(10.5, 7.6), dpi=80)
    FigureCanvasAgg(figure)
    for (of_ct, of_pet), share in zip(figure.subplots(2, len(SLICES)).T, SLICES, strict=True):
        z = int(inside[round(share * (len(inside) - 1))])
        of_ct.imshow(ct[z], cmap="gray", vmin=SOFT_TISSUE_HU[0], vmax=SOFT_TISSUE_HU[1])
        of_ct.set_title(f"slice {z + 1} of {len(ct)}", fontsize=9)
        of_pet.imshow(suv[z], cmap="gray_r", vmin=0, vmax=score.suv_max)
        for axes in (of_ct, of_pet):
            outline(axes, {colour: mask[z] for colour, mask in masks.items()})
    colours = ", ".join(f"{way} {colour} (DSC {score.overlaps[way].dice:.2f})" for way, colour in COLOURS.items())
    figure.suptitle(f"{patient.name}: GTV of {score.volume_ml:.0f} ml green, SUV to {score.suv_max:.1f}\n{colours}")
    figure.tight_layout()
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / f"{patient.name}.png")


if __name__ == "__main__":
    sys.exit(main())
