r"""Seven organs of real radiotherapy patients: a small cross-validation by the commands, in HaN-Seg's public layout.

    python benchmarks/open_kbp.py layout "$HNSEG_REAL_DATA/ct_headneck_openkbp" --output build/open_kbp/HaN-Seg
    hnseg-train convert han_seg build/open_kbp/HaN-Seg --output build/open_kbp/work --no-mr-channel
    hnseg-train plan    han_seg --work build/open_kbp/work --preset demo-coarse-ct
    hnseg-train fit     han_seg --work build/open_kbp/work --folds 0,2 --threads 1 --validate & \
    hnseg-train fit     han_seg --work build/open_kbp/work --folds 1,3 --threads 1 --validate; wait
    hnseg-train fit     han_seg --work build/open_kbp/work --folds 4   --threads 2 --validate
    python benchmarks/open_kbp.py score "$HNSEG_REAL_DATA/ct_headneck_openkbp" --work build/open_kbp/work \
        --output build/open_kbp/scores

The patients are 36 of OpenKBP (Babier et al. 2021, doi:10.1002/mp.14845): planning CTs of about 4 x 4 x 2.5 mm with
five to seven of the organs outlined, and no MR. It is not HaN-Seg: a slice has a grid four times as coarse, and 23 of
the 30 organs have no mask in any patient. Each patient is segmented by the one fold that was not trained on it
(`--validate`), and scored against the outlines as they were before the conversion; an organ that nobody outlined does
not count.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from statistics import mean

import numpy as np
import SimpleITK as sitk
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from scipy import ndimage

from containers.han_seg.spec import LABELS
from hnseg.evaluation.measures.overlap import overlap_of
from hnseg.evaluation.measures.surface import hd95_mm, surface_of
from hnseg.evaluation.tables import Table
from hnseg.imaging.geometry import Grid, array_of
from hnseg_training.dataset.work_folder import WorkFolder, write_json
from hnseg_training.fitting.preset import PRESETS

CHALLENGE, PRESET = "han_seg", "demo-coarse-ct"
ORGANS = {
    1: "Brainstem",
    2: "SpinalCord",
    3: "Parotid_R",
    4: "Parotid_L",
    5: "Bone_Mandible",
    6: "Larynx_SG",
    7: "Esophagus_S",
}
"""HaN-Seg's names of the organs, by their label in the label maps of OpenKBP."""

SOFT_TISSUE_HU = (-160, 240)
HEIGHTS = (0.15, 0.35, 0.55, 0.75, 0.9)  # of the outlined organs, from below
COLOURS = ("tab:orange", "gold", "deepskyblue", "cyan", "magenta", "lime", "red")

Scores = dict[
    str, dict[str, float]
]  # measures of an outlined organ, by its name; with `largest_`, of its largest piece


def main() -> None:
    """Run the step that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    steps = parser.add_subparsers(required=True, metavar="STEP", dest="step")
    layout = steps.add_parser("layout", help="write the patients in HaN-Seg's public layout")
    score = steps.add_parser("score", help="compare, draw and print the table")
    for step in (layout, score):
        step.add_argument("patients", type=Path, help="folder of pt_<n>_ct.nii.gz and pt_<n>_seg.nii.gz")
        step.add_argument("--output", type=Path, required=True, help="folder to make")
    score.add_argument("--work", type=Path, required=True, help="work folder of validated folds")
    given = parser.parse_args()
    if given.step == "layout":
        print(f"laid out {len(lay_out(given.patients, given.output))} patients in {given.output}")
    else:
        score_folds(given.patients, given.work, given.output)


def lay_out(patients: Path, output: Path) -> list[Path]:
    """Write the CT and the mask of each organ that a patient's label map has.

    Args:
        patients: Folder of pt_<n>_ct.nii.gz and pt_<n>_seg.nii.gz.
        output: Folder to make set_1 in, with a folder case_<n> a patient.

    Returns:
        The patients' folders.
    """
    folders = []
    for ct in sorted(patients.glob("pt_*_ct.nii.gz"), key=_number):
        name = f"case_{_number(ct):02d}"
        folder = output / "set_1" / name
        folder.mkdir(parents=True)
        sitk.WriteImage(sitk.ReadImage(str(ct)), str(folder / f"{name}_IMG_CT.nrrd"), useCompression=True)
        label_map = sitk.ReadImage(str(ct.with_name(f"pt_{_number(ct)}_seg.nii.gz")))
        for label, organ in ORGANS.items():
            mask = label_map == label
            if sitk.GetArrayViewFromImage(mask).any():
                sitk.WriteImage(mask, str(folder / f"{name}_OAR_{organ}.seg.nrrd"), useCompression=True)
        folders.append(folder)
    return folders


def _number(path: Path) -> int:
    """Return a patient's number, by a file or a case."""
    return int(path.name.split("_")[1].split(".")[0])


def score_folds(patients: Path, work: Path, output: Path) -> None:
    """Score every validated patient, draw the best, the middle one and the worst, and print the table."""
    results = WorkFolder.open(work, challenge=CHALLENGE).results(PRESETS[PRESET].result_name)
    predictions = sorted(results.glob("fold_?/validation/case_*.nii.gz"), key=_number)
    scores = {path: scored(path, patients) for path in predictions}
    output.mkdir(parents=True, exist_ok=True)
    write_json(output / "scores.json", {path.name.removesuffix(".nii.gz"): of for path, of in scores.items()})
    ranked = sorted(scores, key=lambda path: mean(of["dsc"] for of in scores[path].values()))
    for title, path in (("worst", ranked[0]), ("middle", ranked[len(ranked) // 2]), ("best", ranked[-1])):
        draw(path, patients, scores[path]).savefig(output / f"{title}_{_number(path)}.png")
    print(table_of(list(scores.values())).as_markdown())
    print(f"voxels of other organs: {sum(others_in(path) for path in predictions)}")


def scored(prediction: Path, patients: Path) -> Scores:
    """Return the measures of each organ that is outlined in a patient, and DSC by SimpleITK beside them."""
    reference = sitk.ReadImage(str(patients / f"pt_{_number(prediction)}_seg.nii.gz"))
    found = relabelled(sitk.ReadImage(str(prediction)))
    grid, wanted = Grid.of(reference), array_of(reference)
    library = sitk.LabelOverlapMeasuresImageFilter()
    library.Execute(*(sitk.GetImageFromArray(label_map.astype(np.uint8)) for label_map in (wanted, found)))
    scores = {}
    for label, organ in ORGANS.items():
        if (reference_mask := wanted == label).any():
            mask = found == label
            by_library = library.GetDiceCoefficient(label) if mask.any() else 0.0
            measures = {"dsc_simpleitk": by_library, **measured(mask, reference_mask, grid)}
            largest = measured(largest_piece(mask), reference_mask, grid)
            scores[organ] = measures | {f"largest_{key}": value for key, value in largest.items()}
    return scores


def measured(mask: np.ndarray, reference: np.ndarray, grid: Grid) -> dict[str, float]:
    """Return DSC and HD95 of a mask (z, y, x)."""
    overlap = overlap_of(mask, reference, label=True, voxel_volume_mm3=grid.voxel_volume_mm3)
    surfaces = [surface_of(one, spacing_zyx_mm=grid.spacing_zyx_mm) for one in (mask, reference)]
    return {"dsc": overlap.dice, "hd95_mm": hd95_mm(*surfaces)}


def largest_piece(mask: np.ndarray) -> np.ndarray:
    """Return the piece of a mask (z, y, x) with most voxels; pieces touch by a corner at least."""
    pieces, count = ndimage.label(mask, np.ones((3, 3, 3)))
    return pieces == 1 + np.argmax(np.bincount(pieces.ravel())[1:]) if count else mask


def relabelled(prediction: sitk.Image) -> np.ndarray:
    """Return a predicted label map (z, y, x) with the labels of OpenKBP; other organs are background."""
    label_of = {organ: label for label, organ in ORGANS.items()}
    values = np.array([0, *(label_of.get(LABELS[label], 0) for label in sorted(LABELS))])
    return values[array_of(prediction)]


def others_in(prediction: Path) -> int:
    """Return how many voxels a prediction gives to organs that no patient has."""
    label_map = array_of(sitk.ReadImage(str(prediction)))
    return int(np.count_nonzero(label_map) - np.count_nonzero(relabelled(sitk.ReadImage(str(prediction)))))


def table_of(scores: list[Scores]) -> Table:
    """Return a row an organ, and one of each patient's mean."""
    rows = []
    for organ in ORGANS.values():
        of_organ = [of[organ] for of in scores if organ in of]
        values = {key: [of[key] for of in of_organ] for key in of_organ[0]}
        missed = sum(not np.isfinite(value) for value in values["hd95_mm"])
        cells = [
            *(f"{np.mean(values[key]):.3f}" for key in ("dsc", "largest_dsc")),
            _quartiles(values["dsc"], 2),
            *(_quartiles(values[key], 1) for key in ("hd95_mm", "largest_hd95_mm")),
        ]
        rows.append((organ, str(len(of_organ)), *cells, str(missed)))
    means = {key: [mean(organ[key] for organ in of.values()) for of in scores] for key in ("dsc", "largest_dsc")}
    all_organs = (*(f"{np.mean(means[key]):.3f}" for key in means), _quartiles(means["dsc"], 2), "", "", "")
    rows.append(("mean of a patient's organs", str(len(scores)), *all_organs))
    return Table(
        ("organ", "patients", "DSC", "largest piece", "DSC, median", "HD95 (mm), median", "largest piece", "missed"),
        tuple(rows),
    )


def _quartiles(values: list[float], digits: int) -> str:
    """Return the median and the quartiles, which are values of patients, since a distance may be infinite."""
    low, median, high = np.percentile(values, (25, 50, 75), method="nearest")
    return f"{median:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def draw(prediction: Path, patients: Path, scores: Mapping[str, Mapping[str, float]]) -> Figure:
    """Return slices of a CT with the outlines (thick) and what was found (thin), a colour an organ."""
    stem = patients / f"pt_{_number(prediction)}"
    ct, wanted = (array_of(sitk.ReadImage(f"{stem}_{kind}.nii.gz")) for kind in ("ct", "seg"))
    found = relabelled(sitk.ReadImage(str(prediction)))
    inside = np.flatnonzero(wanted.any(axis=(1, 2)))
    figure = Figure(figsize=(16, 4.6), dpi=90)
    FigureCanvasAgg(figure)
    for axes, height in zip(figure.subplots(1, len(HEIGHTS)), HEIGHTS, strict=True):
        z = int(inside[round(height * (len(inside) - 1))])
        axes.imshow(ct[z], cmap="gray", vmin=SOFT_TISSUE_HU[0], vmax=SOFT_TISSUE_HU[1])
        for label, colour in zip(ORGANS, COLOURS, strict=True):
            for label_map, width in ((wanted, 2.6), (found, 0.9)):
                if (label_map[z] == label).any():
                    outline = (label_map[z] == label).astype(float)
                    axes.contour(outline, levels=[0.5], colors=[colour], linewidths=width, alpha=0.45 + 0.2 / width)
        axes.set_xlim(25, 103)
        axes.set_ylim(103, 25)
        axes.set_title(f"slice {z}", fontsize=9)
        axes.set_axis_off()
    named = (f"{organ} {of['dsc']:.2f}" for organ, of in scores.items())
    figure.suptitle(f"pt_{_number(prediction)}: outlined thick, found thin; DSC {', '.join(named)}", fontsize=10)
    figure.tight_layout()
    return figure


if __name__ == "__main__":
    main()
