"""Features of a patient, the input of the models of stage and survival.

| feature | unit | meaning |
|---|---|---|
| `gtvp_ml`, `gtvn_ml` | ml | volume of the primary tumour, and of all nodes |
| `gtvp_diameter_mm` | mm | greatest distance between voxel centres of the primary's largest piece |
| `largest_node_diameter_mm` | mm | the same of the node that is longest |
| `node_count` | | nodes of at least 0.1 ml |
| `is_bilateral` | 0, 1 | such nodes lie on both sides of the body's midplane, each at least 5 mm from it |
| `suv_max` | SUV | highest in tumour and nodes |
| `mtv_ml` | ml | metabolic tumour volume: voxels of tumour and nodes with at least 41 % of `suv_max` |
| `tlg` | SUV ml | total lesion glycolysis: `mtv_ml` times the mean SUV there |
| `age_years` | years | |
| `performance_status` | 0 to 4 | ECOG |
| `is_male`, `smokes`, `drinks`, `is_crt`, `had_surgery`, `hpv_positive`, `has_metastases` | 0, 1 | |

An unknown feature is NaN: the fields that the record lacks, and the uptake without a PET. For an empty label map
volumes, counts and diameters are 0, and with a PET its uptake, too. The SUV is the PET's own, never clipped,
interpolated linearly at the voxels of the label map.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from scipy import ndimage
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist

from containers.hecktor.ehr import Ehr
from hnseg.imaging.body import CoarseCt, Mask
from hnseg.imaging.box import Box
from hnseg.imaging.geometry import Grid, array_of, resample_image

IMAGE_FEATURES = (
    "gtvp_ml",
    "gtvn_ml",
    "gtvp_diameter_mm",
    "largest_node_diameter_mm",
    "node_count",
    "is_bilateral",
    "suv_max",
    "mtv_ml",
    "tlg",
)
GTVP, GTVN = 1, 2
LEAST_NODE_ML = 0.1  # a ball of 6 mm; smaller pieces are stray voxels
MIDLINE_MM = 5.0
MTV_FRACTION = 0.41  # Boellaard et al., EANM guideline 2.0, Eur. J. Nucl. Med. Mol. Imaging 2015
_FEW_POINTS = 2000

Points = npt.NDArray[np.float64]


def features_of(label_map: sitk.Image, pet: sitk.Image | None, ehr: Ehr, *, coarse: CoarseCt) -> dict[str, float]:
    """Return a patient's features by name, in the order of this module's table.

    Args:
        label_map: Label map, 1 GTVp and 2 GTVn, on any grid; may be empty.
        pet: PET in SUV, on any grid; None where there is none.
        ehr: Health record of the patient.
        coarse: Coarse copy of the CT, for the body's midplane.
    """
    box, labels = _around_labels(label_map)
    grid = box.grid_in(Grid.of(label_map))
    nodes = [piece for piece in _pieces(labels == GTVN) if _volume_ml(piece, grid) >= LEAST_NODE_ML]
    primary = max(_pieces(labels == GTVP), key=np.count_nonzero, default=np.zeros_like(labels, dtype=bool))
    return {
        "gtvp_ml": _volume_ml(labels == GTVP, grid),
        "gtvn_ml": _volume_ml(labels == GTVN, grid),
        "gtvp_diameter_mm": diameter_mm(primary, grid),
        "largest_node_diameter_mm": max((diameter_mm(node, grid) for node in nodes), default=0.0),
        "node_count": float(len(nodes)),
        "is_bilateral": float(_is_bilateral(nodes, grid, coarse)),
        **_uptake(labels > 0, grid, pet),
        **_of_record(ehr),
    }


def diameter_mm(mask: Mask, grid: Grid) -> float:
    """Return the greatest distance between two voxel centres of a mask (z, y, x); 0 for one voxel or none."""
    points = grid.points_mm(np.argwhere(_ends_of_rows(mask))[:, ::-1].astype(np.float64))
    if len(points) > _FEW_POINTS:
        points = points[ConvexHull(points).vertices]
    return float(pdist(points).max()) if len(points) > 1 else 0.0


def _ends_of_rows(mask: Mask) -> Mask:
    """Return the voxels that end a row of the mask along every axis, (z, y, x): its hull's corners are among them."""
    padded = np.pad(mask, 1)
    ends = mask.copy()
    for axis in range(3):
        before = np.cumsum(padded, axis=axis) == 1
        after = np.flip(np.cumsum(np.flip(padded, axis), axis=axis), axis) == 1
        ends &= (before | after)[1:-1, 1:-1, 1:-1]
    return ends


def _around_labels(label_map: sitk.Image) -> tuple[Box, npt.NDArray[Any]]:
    """Return the box around all labels, and the labels in it; one voxel of background where there are none."""
    voxels = sitk.GetArrayViewFromImage(label_map)
    found = ndimage.find_objects((voxels != 0).astype(np.uint8))
    z, y, x = found[0] if found else (slice(0, 1),) * 3
    box = Box.of_slices((z, y, x))
    return box, box.of(voxels).copy()


def _pieces(mask: Mask) -> list[Mask]:
    """Return the pieces of a mask, which touch by faces, edges and corners (26-connectivity)."""
    numbered, count = ndimage.label(mask, structure=np.ones((3, 3, 3)))
    return [numbered == number for number in range(1, count + 1)]


def _volume_ml(mask: Mask, grid: Grid) -> float:
    """Return the volume of a mask in ml."""
    return float(np.count_nonzero(mask)) * grid.voxel_volume_mm3 / 1000


def _is_bilateral(nodes: list[Mask], grid: Grid, coarse: CoarseCt) -> bool:
    """Return whether nodes lie on both sides of the midplane, the middle of the body in each slice."""
    off_mm = [_left_of_midplane_mm(node, grid, coarse) for node in nodes]
    return any(mm > MIDLINE_MM for mm in off_mm) and any(mm < -MIDLINE_MM for mm in off_mm)


def _left_of_midplane_mm(node: Mask, grid: Grid, coarse: CoarseCt) -> float:
    """Return the distance in mm of a node's centre from the body's middle in its slice, to the patient's left."""
    centre_mm = grid.points_mm(np.argwhere(node)[:, ::-1].mean(axis=0, keepdims=True))
    x, _, z = coarse.grid.index_xyz(centre_mm)[0]
    body = coarse.body[int(np.clip(np.rint(z), 0, len(coarse.body) - 1))]
    if not body.any():
        body = coarse.body.any(axis=0)
    middle = np.argwhere(body)[:, 1].mean() if body.any() else (body.shape[1] - 1) / 2
    return float((x - middle) * coarse.grid.spacing_mm[0])


def _uptake(tumour: Mask, grid: Grid, pet: sitk.Image | None) -> dict[str, float]:
    """Return SUVmax, MTV and TLG of a mask; NaN without a PET, 0 for an empty mask."""
    if pet is None:
        return dict.fromkeys(("suv_max", "mtv_ml", "tlg"), float("nan"))
    suv = array_of(resample_image(sitk.Cast(pet, sitk.sitkFloat32), grid))[tumour].astype(np.float64)
    highest = float(suv.max(initial=0.0))
    active = suv[suv >= MTV_FRACTION * highest] if highest > 0 else suv[:0]
    voxel_ml = grid.voxel_volume_mm3 / 1000
    return {"suv_max": highest, "mtv_ml": len(active) * voxel_ml, "tlg": float(active.sum()) * voxel_ml}


def _of_record(ehr: Ehr) -> dict[str, float]:
    """Return the features that are fields of the record."""
    return {
        "age_years": _number(ehr.age_years),
        "performance_status": _number(ehr.performance_status),
        "is_male": _number(ehr.is_male),
        "smokes": _number(ehr.smokes),
        "drinks": _number(ehr.drinks),
        "is_crt": _number(ehr.treatment and ehr.treatment == "CRT"),
        "had_surgery": _number(ehr.had_surgery),
        "hpv_positive": _number(ehr.hpv_positive),
        "has_metastases": _number(ehr.m_stage and ehr.m_stage == "M1"),
    }


def _number(value: float | None) -> float:
    """Return a number; NaN for None."""
    return float("nan") if value is None else float(value)
