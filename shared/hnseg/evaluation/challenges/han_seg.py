"""HaN-Seg 2023: DSC and HD95 of 30 organs at risk.

Rules of the challenge's paper (Podobnik et al., Radiotherapy and Oncology 2024), with HD95 by google-deepmind's
surface-distance as in the challenge:

* An organ that a case's reference lacks is not scored in that case, whatever was predicted.
* An organ that the reference has and the prediction lacks has DSC 0. Its HD95 is the largest that any method has for
  that organ in any case. The report of a case keeps it as infinite, so that a comparison of methods can put in the
  largest of them all (`hnseg rank` does). Here there is one method, so means take its own largest. An organ that is
  predicted in no case has no HD95 and is left out of the mean over the organs.
* Over the organs, the mean is that of the organs' means, and the standard deviation the root mean square of theirs.
* The challenge ranks by pairwise tests, not by one number. The score in the report is the mean DSC.

The organisers' evaluation program is not public. A prediction on another grid than its reference's is refused here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from hnseg.errors import InputError
from hnseg.evaluation.files.label_maps import check_grid
from hnseg.evaluation.files.pairs import Pair
from hnseg.evaluation.measures.overlap import overlap_of
from hnseg.evaluation.measures.summary import Values, average, mean_sd_of, median_iqr_of
from hnseg.evaluation.measures.surface import hd95_mm, surface_of
from hnseg.evaluation.report import CaseScore, Metrics, ScoreReport
from hnseg.imaging.box import Slices
from hnseg.imaging.geometry import Grid, LabelArray, array_of
from hnseg.imaging.labels import unexpected_values

_ORGANS = (
    "A_Carotid_L", "A_Carotid_R", "Arytenoid", "Bone_Mandible", "Brainstem", "BuccalMucosa", "Cavity_Oral",
    "Cochlea_L", "Cochlea_R", "Cricopharyngeus", "Esophagus_S", "Eye_AL", "Eye_AR", "Eye_PL", "Eye_PR",
    "Glnd_Lacrimal_L", "Glnd_Lacrimal_R", "Glnd_Submand_L", "Glnd_Submand_R", "Glnd_Thyroid", "Glottis", "Larynx_SG",
    "Lips", "OpticChiasm", "OpticNrv_L", "OpticNrv_R", "Parotid_L", "Parotid_R", "Pituitary", "SpinalCord",
)  # fmt: skip

LABELS = {organ: label for label, organ in enumerate(_ORGANS, start=1)}

HD95_DEFINITION = (
    "HD95 is that of google-deepmind's surface-distance: the larger of both directed 95th percentiles, surface elements"
    " weighted by area."
)


@dataclass(frozen=True)
class _Organ:
    """Values of an organ in the n cases whose reference has it.

    Attributes:
        dsc: DSC, (n,).
        measured_mm: HD95, (n,), infinite where the prediction is empty.
    """

    dsc: Values
    measured_mm: Values

    @property
    def hd95_mm(self) -> Values:
        """HD95 with the largest finite value in place of infinity, (n,); (0,) where every prediction is empty."""
        finite = self.measured_mm[np.isfinite(self.measured_mm)]
        return np.minimum(self.measured_mm, finite.max()) if len(finite) else finite


def score(pairs: Iterable[Pair]) -> ScoreReport:
    """Score predictions as HaN-Seg 2023 does.

    Args:
        pairs: Label maps of all cases; without any case every value is undefined.

    Returns:
        Per case and organ the values of `score_pair`; per organ `mean_` and `sd_` of both metrics, the number of
        `cases` whose reference has it, and of those the `empty_predictions`; over the organs `mean_`, `sd_`, `median_`
        and `iqr_`, the latter two of all values together.

    Raises:
        InputError: A prediction is not on its reference's grid, or a label map holds other values than 0 to 30.
    """
    cases = tuple(score_pair(pair) for pair in pairs)
    organs = {organ: found for organ in LABELS if (found := _over_cases(organ, cases)) is not None}
    overall = _over_organs(list(organs.values()))
    return ScoreReport(
        challenge="han_seg",
        score=overall["mean_dsc"],
        score_name="mean DSC over the organs",
        structures={name: _organ_metrics(organ) for name, organ in organs.items()},
        overall=overall,
        cases=cases,
        notes=_notes(organs),
    )


def score_pair(pair: Pair) -> CaseScore:
    """Score one prediction.

    Args:
        pair: Label maps of the case.

    Returns:
        Score with `dsc` and `hd95_mm` of every organ that the reference has; 0 and infinity where the prediction lacks
        the organ.

    Raises:
        InputError: As for `score`.
    """
    prediction = _labels_of(pair.prediction, f"prediction of case {pair.name}")
    reference = _labels_of(pair.reference, f"reference of case {pair.name}")
    grid = Grid.of(pair.reference)
    check_grid(pair)
    boxes = _boxes_around_both(prediction, reference)
    structures = {
        organ: _compare(prediction[boxes[label]], reference[boxes[label]], label, grid)
        for organ, label in LABELS.items()
        if label in boxes
    }
    absent = [organ for organ in LABELS if organ not in structures]
    notes = (f"The reference lacks {', '.join(absent)}, which is not scored.",) if absent else ()
    return CaseScore(name=pair.name, structures=structures, notes=notes)


def _labels_of(image: sitk.Image, name: str) -> LabelArray:
    strange = unexpected_values(image, {label: organ for organ, label in LABELS.items()})
    if strange:
        values = list(dict.fromkeys(f"{value:g}" for value in strange))  # NaN comes once a slice
        shown = ", ".join(values[:8]) + (", ..." if len(values) > 8 else "")
        raise InputError(
            f"The {name} must hold 0 background and the organs' labels 1 to {len(LABELS)} alone, but it also holds"
            f" {shown}. Does it come from another challenge, or hold probabilities?"
        )
    return array_of(image).astype(np.uint8, copy=False)


def _boxes_around_both(prediction: LabelArray, reference: LabelArray) -> dict[int, Slices]:
    """Return the box around both masks of every label that the reference has, by label."""
    found = zip(*(ndimage.find_objects(array, max_label=len(LABELS)) for array in (prediction, reference)), strict=True)
    return {
        label: present if predicted is None else _box_around(predicted, present)
        for label, (predicted, present) in enumerate(found, start=1)
        if present is not None
    }


def _box_around(one: Slices, other: Slices) -> Slices:
    z, y, x = (slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(one, other, strict=True))
    return (z, y, x)


def _compare(prediction: LabelArray, reference: LabelArray, label: int, grid: Grid) -> Metrics:
    overlap = overlap_of(prediction, reference, label=label, voxel_volume_mm3=grid.voxel_volume_mm3)
    surfaces = [
        surface_of(label_map == label, spacing_zyx_mm=grid.spacing_zyx_mm) for label_map in (prediction, reference)
    ]
    return {"dsc": overlap.dice, "hd95_mm": hd95_mm(*surfaces)}


def _over_cases(organ: str, cases: Sequence[CaseScore]) -> _Organ | None:
    """Return an organ's values; None where no reference has it."""
    measured = [case.structures[organ] for case in cases if organ in case.structures]
    if not measured:
        return None
    dsc, hd95_mm = ([metrics[name] for metrics in measured] for name in ("dsc", "hd95_mm"))
    return _Organ(np.array(dsc, np.float64), np.array(hd95_mm, np.float64))


def _organ_metrics(organ: _Organ) -> Metrics:
    dsc, hd95_mm = mean_sd_of(organ.dsc), mean_sd_of(organ.hd95_mm)
    return {
        "mean_dsc": dsc.mean,
        "sd_dsc": dsc.sd,
        "mean_hd95_mm": hd95_mm.mean,
        "sd_hd95_mm": hd95_mm.sd,
        "cases": len(organ.dsc),
        "empty_predictions": int(np.isinf(organ.measured_mm).sum()),
    }


def _over_organs(organs: Sequence[_Organ]) -> Metrics:
    metrics: Metrics = {}
    for name, values in (("dsc", [o.dsc for o in organs]), ("hd95_mm", [o.hd95_mm for o in organs])):
        mean_sd = average([mean_sd_of(of_organ) for of_organ in values])
        median_iqr = median_iqr_of(np.concatenate([*values, np.empty(0)]))
        metrics |= {
            f"mean_{name}": mean_sd.mean,
            f"sd_{name}": mean_sd.sd,
            f"median_{name}": median_iqr.median,
            f"iqr_{name}": median_iqr.iqr,
        }
    return metrics


def _notes(organs: Mapping[str, _Organ]) -> tuple[str, ...]:
    empty = {name: int(np.isinf(organ.measured_mm).sum()) for name, organ in organs.items()}
    unpredicted = [name for name, organ in organs.items() if not len(organ.hd95_mm)]
    partly_empty = [f"{name} ({empty[name]})" for name in organs if empty[name] and name not in unpredicted]
    notes = [HD95_DEFINITION]
    if partly_empty:
        notes.append(
            f"Empty predictions, with DSC 0 and the organ's largest HD95 among these cases: {', '.join(partly_empty)}."
        )
    if unpredicted:
        notes.append(
            f"Predicted in no case, so without HD95 and not in its mean over the organs: {', '.join(unpredicted)}."
        )
    return tuple(notes)
