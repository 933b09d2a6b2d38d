"""`hnseg predict`: any nnU-Net v2 ensemble on any image, as nnU-Net itself would."""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import SimpleITK as sitk
import typer
from rich.progress import Progress

from hnseg.cli.cohort_run import run_and_report, settings_of
from hnseg.cli.options.cohort import GpusOption, RetryOption, ShardOption, WorkersOption
from hnseg.cli.options.run import BackendOption, DeviceOption, PrecisionOption, SkipAirOption
from hnseg.cohort.state.status import STATUS_FILE
from hnseg.cohort.state.store import OWN_FOLDER, CaseStore
from hnseg.errors import InputError, OutputError
from hnseg.imaging.files.formats import WRITTEN, has_suffix
from hnseg.imaging.files.output_files import Output, OutputFiles, output_files, write_image
from hnseg.machine import GIB, data_limit_bytes, is_exhausted
from hnseg.platform.failure import sentence_of
from hnseg.provenance import Provenance

if TYPE_CHECKING:
    from hnseg.cohort.settings import RunSettings
    from hnseg.inference.ensemble import Ensemble
    from hnseg.inference.model.bundle import Bundle
    from hnseg.inference.model.manifest import Fold
    from hnseg.inference.planning.effort import Effort


def command(  # noqa: PLR0913, PLR0917 (a verb's options)
    model_dir: Annotated[Path, typer.Argument(help="An nnU-Net v2 result folder, or an exported bundle.")],
    images: Annotated[
        list[Path],
        typer.Argument(metavar="IMAGE...", help="One a channel, in the model's order; or one folder of cases."),
    ],
    output: Annotated[
        Path,
        typer.Option(metavar="FILE", help="The label map; .mha, .nii.gz, .nii or .nrrd. For a folder, a folder."),
    ],
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
    workers: WorkersOption = None,
    gpus: GpusOption = "",
    shard: ShardOption = "",
    retry_failed: RetryOption = False,
) -> None:
    """Segment an image, or every case of a folder, with the ensemble of an nnU-Net v2 model.

    The label map has the geometry of the first image, is compressed, and is nnU-Net's own to within rounding. A folder
    holds CASE_0000.nii.gz, CASE_0001.nii.gz and so on, as nnU-Net's imagesTs, or for one channel also CASE.nii.gz;
    --workers, --gpus, --shard and --retry-failed are for it, and the same command goes on where it stopped.
    """
    from hnseg.inference.labelling.uncertainty_files import folder_made, uncertainty_outputs
    from hnseg.inference.loading import load_ensemble
    from hnseg.inference.model.bundle import open_bundle
    from hnseg.inference.planning.effort import Effort

    if len(images) == 1 and images[0].is_dir():
        _check_folders(
            images[0], output, {"--probabilities": probabilities, "--uncertainty": uncertainty, "--report": report}
        )
        options: dict[str, Any] = {"step": step, "mirroring": not no_mirroring, "skip": skip, "limit_s": limit_s}
        options |= {"device": device, "precision": precision, "backend": backend, "vram_gib": vram_gib}
        ram = ram_gib if np.isfinite(ram_gib) else None
        more = {"workers": workers, "retry_failed": retry_failed, "limit_s": limit_s, "ram_gib": ram}
        settings = settings_of(gpus=gpus, shard=shard, **more)
        bundle = open_bundle(model_dir, folds=_folds(folds))
        _predict_folder(bundle, images[0], output, options, settings)
        return
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


def _check_folders(folder: Path, output: Path, left_out: Mapping[str, Path | None]) -> None:
    """Refuse options that a folder of cases does not have, and an output in which label maps would replace images.

    Raises:
        InputError: One of the options was used.
        OutputError: The output is no folder, or the images' own.
    """
    if used := [option for option, path in left_out.items() if path is not None]:
        raise InputError(
            f"For a folder of cases, {used[0]} must be left out: it names the files of one image. What was done of each"
            f" case is told by {output / OWN_FOLDER}/CASE/{STATUS_FILE}."
        )
    if output.is_file() or has_suffix(output.name):
        raise OutputError(f"For a folder of cases, --output must be a folder, but {output} is named as a file.")
    if output.resolve() == folder.resolve():
        raise OutputError(
            f"--output must not be the folder of the images, but both are {folder}. Name another folder; nothing was"
            " written."
        )


def _predict_folder(bundle: Bundle, folder: Path, output: Path, options: dict[str, Any], settings: RunSettings) -> None:
    """Segment every case of a folder and write the report.

    Raises:
        InputError: There is no case, or Dask is not installed.
        OutputError: A label map would replace a file that no earlier run wrote.
        Exit: A case failed.
    """
    from hnseg.cohort.finding.channel_images import find_channel_images
    from hnseg.cohort.finding.listing import ignored_in_words
    from hnseg.cohort.predict_work import labels_of, predict_work

    found = find_channel_images(folder, bundle.channels)
    typer.echo("; ".join(filter(None, [f"{len(found.cases)} cases", ignored_in_words(found)])) + ".", err=True)
    work = predict_work(bundle, **options)
    _check_new(output, [f"{case.name}{work.identity['suffix']}" for case in found.cases])
    run_and_report(
        found.cases,
        work,
        CaseStore(output.absolute(), flat=True),
        settings,
        labels=labels_of(bundle.dataset),
        title=f"Label maps of {folder.name} by {bundle.folder.name}",
        expected=bundle.manifest.structures if bundle.manifest else {},
    )


def _check_new(output: Path, names: Iterable[str]) -> None:
    """Refuse a folder that holds files of these names and is not that of an earlier run."""
    there = [] if (output / OWN_FOLDER).exists() else [output / name for name in names if (output / name).exists()]
    if there:
        raise OutputError(
            f"--output must be a new folder or that of an earlier run, but {there[0]} is there, which no run wrote."
            " Does it hold references, or results of another program? Name another folder; nothing was written."
        )


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
    from hnseg.inference.planning.deadline import Deadline
    from hnseg.inference.segmentation import segment_images

    with Progress(disable=not sys.stdout.isatty()) as bar:
        task = bar.add_task("predict", total=None)
        predicted = segment_images(
            ensemble,
            images,
            provenance,
            deadline=Deadline.from_process_start(limit_s),
            effort=effort,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
            probabilities=lambda shape: _mapped(files, shape),
            uncertainty=are_asked_for(files),
        )
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
