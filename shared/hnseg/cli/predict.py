"""`hnseg predict`: any nnU-Net v2 ensemble on any image, as nnU-Net itself would."""

from __future__ import annotations

import json
import resource
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import SimpleITK as sitk
import typer

from hnseg.cli.cases.given_images import check_images
from hnseg.cli.cases.predict_folder import predict_folder
from hnseg.cli.options.cohort import WorkerOptions
from hnseg.cli.options.prediction import UNCERTAINTY_PICTURE, FurtherOutputs, PredictionOptions
from hnseg.cli.options.records import with_records
from hnseg.errors import InputError
from hnseg.imaging.files.output_files import OutputFiles, output_files, write_image
from hnseg.imaging.geometry import Grid
from hnseg.machine import GIB, data_limit_bytes, is_exhausted
from hnseg.platform.failure import sentence_of
from hnseg.progress.bar import shown_progress
from hnseg.provenance import Provenance

if TYPE_CHECKING:
    from hnseg.inference.ensemble import Predictor
    from hnseg.inference.further.asked import FurtherMembers
    from hnseg.inference.labelling.uncertainty import Uncertainty
    from hnseg.progress.watcher import Watcher


EXAMPLES = (
    "hnseg predict model ct.nii.gz pet.nii.gz --output labels.nii.gz",
    "hnseg predict model imagesTs --output labels --workers 2",
    "hnseg predict --model 2d --model 3d_fullres ct.nii.gz --output labels.nii.gz",
)


@with_records
def command(
    model_dir: Annotated[
        Path, typer.Argument(help="An nnU-Net v2 result folder, or an exported bundle; the first image with --model.")
    ],
    images: Annotated[
        list[Path] | None,
        typer.Argument(metavar="IMAGE...", help="One a channel, in the model's order; or one folder of cases."),
    ] = None,
    *,
    output: Annotated[
        Path,
        typer.Option(
            metavar="FILE", help="Result: the label map; .mha, .nii.gz, .nii or .nrrd. For a folder, a folder."
        ),
    ],
    prediction: PredictionOptions,
    further: FurtherOutputs,
    workers: WorkerOptions,
) -> None:
    """Segment an image, or every case of a folder, with the ensemble of an nnU-Net v2 model.

    The label map has the geometry of the first image, is compressed, and is nnU-Net's own to within rounding. A folder
    holds CASE_0000.nii.gz, CASE_0001.nii.gz and so on, as nnU-Net's imagesTs, or for one channel also CASE.nii.gz;
    --workers, --gpus, --shard and --retry-failed are for it, and the same command goes on where it stopped.
    """
    folders, paths = [model_dir], images or []
    if prediction.models:
        folders, paths = prediction.models, [model_dir, *paths]
    if not paths:
        raise typer.BadParameter("must name at least one image, or a folder of cases", param_hint="IMAGE...")
    if len(paths) == 1 and paths[0].is_dir():
        predict_folder(folders, paths[0], output, prediction, further, workers)
        return
    with shown_progress() as progress:
        _predict_image(folders, paths, output, prediction, further, progress)
    typer.echo(str(output))
    if further.picture is not None and further.picture.is_file():
        typer.echo(str(further.picture))


def _predict_image(
    model_dirs: Sequence[Path],
    images: Sequence[Path],
    output: Path,
    options: PredictionOptions,
    further: FurtherOutputs,
    progress: Watcher,
) -> None:
    """Segment one image and write what was asked for: all of it, or nothing."""
    from hnseg.inference.labelling.uncertainty_files import folder_made
    from hnseg.inference.loading import load_models
    from hnseg.inference.model.bundle_group import first_model, open_models
    from hnseg.inference.model.nnunet_plans import read_dataset

    members = further.further_members
    classes: tuple[str, ...] = ()
    if (first := first_model(model_dirs)).is_dir():
        dataset = read_dataset(first)
        check_images(images, dataset.image_channels)
        classes = dataset.output_names if further.probabilities_dir else ()
    provenance = Provenance(progress=progress)
    provenance.record(limit_s=options.limit_s if np.isfinite(options.limit_s) else None)
    given = [*images, *model_dirs]
    with (
        _limited_ram(options.ram_gib),
        folder_made(further.uncertainty),
        folder_made(further.probabilities_dir, "Probabilities"),
        output_files(*further.outputs(output, classes), inputs=given) as files,
    ):
        with provenance.step("load"):
            bundle = open_models(model_dirs, folds=options.chosen_folds, checkpoint=options.checkpoint)
            ensemble = load_models(bundle, **options.loading)
        label_map = _segment(ensemble, images, provenance, options=options, members=members, files=files)
        with provenance.step("write"):
            files.write("--output", lambda path: write_image(label_map, path))
        as_json = json.dumps(json.loads(provenance.as_json()), indent=2) + "\n"
        files.write("--json", lambda path: path.write_text(as_json, encoding="utf-8"))


def _segment(
    ensemble: Predictor,
    images: Sequence[Path],
    provenance: Provenance,
    *,
    options: PredictionOptions,
    members: FurtherMembers,
    files: OutputFiles,
) -> sitk.Image:
    """Return the label map of an image, and record how it came about."""
    from hnseg.cohort.predict_work import labels_of
    from hnseg.imaging.files.reading import read_volume
    from hnseg.inference.labelling.probability_files import ProbabilityFiles
    from hnseg.inference.labelling.uncertainty_files import are_asked_for, write_uncertainty
    from hnseg.inference.model.structure_check import check_and_record
    from hnseg.inference.planning.deadline import Deadline
    from hnseg.inference.segmentation import segment_images

    deadline = Deadline.from_process_start(options.limit_s)
    images_of_classes = ProbabilityFiles(files, ensemble.bundle.dataset.output_names)
    predicted = segment_images(
        ensemble,
        images,
        provenance,
        deadline=deadline,
        effort=options.effort,
        probabilities=images_of_classes.mapped if images_of_classes.are_asked_for else partial(_mapped, files),
        uncertainty=are_asked_for(files),
        further=members,
    )
    check_and_record(
        predicted.label_map,
        labels_of(ensemble.bundle.dataset),
        partial(read_volume, images[0], title="first image"),
        expected=ensemble.bundle.structures,
        remaining_s=deadline.remaining_s(),
        provenance=provenance,
    )
    if images_of_classes.are_asked_for:
        with provenance.step("write_probabilities"):
            images_of_classes.write(Grid.of(predicted.label_map))
    if predicted.uncertainty is not None:
        with provenance.step("write_uncertainty"):
            write_uncertainty(files, predicted.uncertainty)
            labels = labels_of(ensemble.bundle.dataset)
            _draw_uncertainty(files, images[0], predicted.label_map, predicted.uncertainty, labels)
    return predicted.label_map


def _draw_uncertainty(
    files: OutputFiles, scan: Path, label_map: sitk.Image, uncertainty: Uncertainty, labels: Mapping[int, str]
) -> None:
    """Draw the uncertainty over the first image, where its files are among the outputs."""
    from hnseg.drawing.entropy import draw_entropy
    from hnseg.imaging.files.reading import read_volume

    image = read_volume(scan, title="first image")
    picture = draw_entropy(image, label_map, uncertainty.entropy, labels)
    files.write(UNCERTAINTY_PICTURE, lambda path: path.write_bytes(picture.png))


def _mapped(files: OutputFiles, shape: tuple[int, ...]) -> np.memmap[Any, Any] | None:
    """Return the file of probabilities as an array (k, z, y, x) that takes no memory; None where none was asked for.

    Raises:
        OutputError: It can't be made.
    """
    return files.write(
        "--probabilities",
        lambda path: np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=shape),
    )


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
