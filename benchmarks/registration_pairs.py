"""Pairs of a CT and an MR whose true transform, CT points to MR points, is known: what `registration.py` runs on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from scipy import ndimage

from hnseg.imaging.geometry import FloatArray, Grid, array_of, image_of, resample_image
from hnseg.imaging.registration.agreement import Points, moved
from hnseg.imaging.registration.poses import inverse
from hnseg.phantom.body.deformation import SmoothField
from hnseg.phantom.challenges import han_seg

PHANTOM_SEED = 9100
MOST_TURNED_DEG, MOST_MOVED_MM = 20.0, 60.0
SPACINGS_MM = ((0.5, 0.5, 3.0), (0.7, 0.7, 3.0), (0.8, 0.8, 2.5), (1.0, 1.0, 3.3))
# The others' CTs hold little more than the treated part.
WHOLE_PATIENTS = (
    13,
    100,
    101,
    105,
    106,
    109,
    112,
    113,
    114,
    115,
    119,
    122,
    124,
    126,
    132,
    136,
    139,
    140,
    144,
    157,
    168,
)


@dataclass(frozen=True)
class Pair:
    """Two images of one patient.

    Attributes:
        kind: The set that the pair belongs to.
        name: The pair's own name within it.
        ct: Hounsfield units.
        mr: T1, its own grid.
        truth: Maps CT points to MR points.
    """

    kind: str
    name: str
    ct: sitk.Image
    mr: sitk.Image
    truth: sitk.Euler3DTransform

    def targets_mm(self, *, step_mm: float = 15.0) -> Points:
        """Return the CT points (n, 3) of a cubic lattice that are inside the body and the MR's field of view."""
        grid = Grid.of(self.ct)
        corners = grid.corners_mm()
        axes = [
            np.arange(low, high, step_mm) for low, high in zip(corners.min(axis=0), corners.max(axis=0), strict=True)
        ]
        points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
        index_zyx = np.rint(grid.index_xyz(points))[:, ::-1].astype(int)
        points, index_zyx = (rows[_inside(index_zyx, grid)] for rows in (points, index_zyx))
        points = points[body_of(self.ct)[tuple(index_zyx.T)]]
        of_mr = Grid.of(self.mr)
        return np.asarray(points[_inside(of_mr.index_xyz(moved(points, self.truth))[:, ::-1], of_mr)])


def body_of(ct: sitk.Image) -> npt.NDArray[np.bool_]:
    """Return where the patient is, (z, y, x): the largest piece left when what is thin, as a couch, is worn away."""
    tissue = array_of(ct) > -350
    numbered, _ = ndimage.label(ndimage.binary_erosion(tissue, iterations=4))
    sizes = np.bincount(numbered.ravel())
    sizes[0] = 0
    body = ndimage.binary_dilation(numbered == sizes.argmax(), iterations=5) & tissue
    return np.asarray(ndimage.binary_fill_holes(body), dtype=bool)


def draw_pose(rng: np.random.Generator, centre_mm: Points) -> sitk.Euler3DTransform:
    """Draw a rotation of up to 20 degrees about each axis and a translation of up to 60 mm."""
    angles = np.deg2rad(rng.uniform(-MOST_TURNED_DEG, MOST_TURNED_DEG, 3))
    direction = rng.standard_normal(3)
    shift = direction / np.linalg.norm(direction) * MOST_MOVED_MM * rng.uniform() ** (1 / 3)
    return sitk.Euler3DTransform(centre_mm.tolist(), *angles.tolist(), shift.tolist())


def phantom_pair(number: int) -> Pair:
    """Return a patient of `hnseg phantom han_seg`; the same number gives the same voxels."""
    patient = han_seg.draw_patient(PHANTOM_SEED, number)
    if patient.t1 is None or patient.ct_to_mr is None:
        raise ValueError(f"phantom {number} has no MR")
    return Pair("phantoms", f"phantom_{number}", patient.ct, patient.t1, patient.ct_to_mr)


def real_pairs(data: Path, *, repeats: int) -> Iterator[Pair]:
    """Yield real pairs, the MR's header turned and moved; what they show of the truth is good to 2 to 4 mm.

    Args:
        data: Holds `petctmr_sts` and `head_templates_mni`.
        repeats: How many poses of each pair.
    """
    found: list[tuple[str, sitk.Image, sitk.Image]] = []
    for name in ("STS_032", "STS_048"):
        folder = data / "petctmr_sts" / name
        ct, mr = (sitk.ReadImage(str(folder / f"{file}_image.nii.gz")) for file in ("CT", "MR_T1"))
        found.append((name, ct, mr))
    templates = data / "head_templates_mni"
    ct = sitk.ReadImage(str(templates / "scct.nii"))
    hu = image_of(_cormack_to_hu(array_of(ct)), Grid.of(ct))
    found.append(("MNI", hu, sitk.ReadImage(str(templates / "avg152T1.nii.gz"), sitk.sitkFloat32)))
    for name, ct, mr in found:
        for repeat in range(repeats):
            rng = np.random.default_rng([repeat, *name.encode()])
            truth = draw_pose(rng, Grid.of(mr).corners_mm().mean(axis=0))
            yield Pair("real CT and T1", f"{name}_{repeat}", ct, _carried(mr, truth), truth)


def half_real_pair(data: Path, number: int) -> Pair:
    """Return a real CT, with a couch drawn in, and a T1 made from it: no monotone relation, another grid, a pose.

    Args:
        data: Holds `ct_headneck_openkbp`.
        number: Of the pair; the same one gives the same voxels.
    """
    files = [data / "ct_headneck_openkbp" / f"pt_{patient}_ct.nii.gz" for patient in WHOLE_PATIENTS]
    file = files[number % len(files)]
    rng = np.random.default_rng([number, 7])
    plain = sitk.ReadImage(str(file))
    seg = sitk.ReadImage(str(file).replace("_ct.", "_seg."))
    teeth_mm = _teeth_mm(seg, rng) if rng.random() < 0.4 else np.empty((0, 3))
    ct = _with_couch(plain, teeth_mm, rng)
    body = array_of(plain) > -350
    top_mm = Grid.of(plain).points_mm(np.argwhere(body)[:, ::-1].astype(float))[:, 2].max()
    middle = Grid.of(plain).points_mm(np.argwhere(body)[:, ::-1].astype(float)).mean(axis=0)
    middle[2] = top_mm - rng.uniform(90, 160)
    truth = draw_pose(rng, middle)
    mr = _made_up_t1(plain, truth, middle + rng.normal(0, 8, 3), teeth_mm, rng)
    return Pair("real CT, made-up T1", f"half_real_{number}", ct, mr, truth)


def _inside(index_zyx: npt.NDArray[np.floating | np.integer], grid: Grid) -> npt.NDArray[np.bool_]:
    return np.asarray(((index_zyx >= 0) & (index_zyx <= np.array(grid.shape_zyx) - 1)).all(axis=1))


def _carried(image: sitk.Image, pose: sitk.Euler3DTransform) -> sitk.Image:
    """Return an image whose header has gone through a pose; its voxels are the same."""
    grid = Grid.of(image)
    result = sitk.Image(image)
    result.SetOrigin(moved(np.array([grid.origin_mm]), pose)[0].tolist())
    turn = np.array(pose.GetMatrix()).reshape(3, 3)
    result.SetDirection((turn @ np.array(grid.direction).reshape(3, 3)).ravel().tolist())
    return result


def _cormack_to_hu(values: FloatArray) -> FloatArray:
    """Return Hounsfield units; the CT template is stored with those of -100 to 100 stretched elevenfold."""
    return np.interp(values, (0, 900, 3100, 7000), (-1000, -100, 100, 4000)).astype(np.float32)


def _teeth_mm(seg: sitk.Image, rng: np.random.Generator) -> Points:
    """Draw one to three places (n, 3) along the front of the lower jaw; none where it isn't outlined."""
    jaw = Grid.of(seg).points_mm(np.argwhere(array_of(seg) == 5)[:, ::-1].astype(float))
    if not len(jaw):
        return np.empty((0, 3))
    front = jaw[jaw[:, 1] < np.quantile(jaw[:, 1], 0.6)]
    return np.asarray(front[rng.choice(len(front), rng.integers(1, 4), replace=False)] + (0, 0, 8))


def _with_couch(plain: sitk.Image, teeth_mm: Points, rng: np.random.Generator) -> sitk.Image:
    """Return a CT of 512 x 512 pixels with a couch, the rods of a head frame, streaks from teeth, and noise."""
    grid = Grid.of(plain).respaced((Grid.of(plain).spacing_mm[0] / 4, Grid.of(plain).spacing_mm[1] / 4, 2.5))
    # Padded: the outermost centres of the finer grid lie outside those of the coarse one.
    values = array_of(resample_image(sitk.ZeroFluxNeumannPad(plain, (1, 1, 1), (1, 1, 1)), grid, outside=-1024))
    values = values.astype(np.float32)
    z, y, x = _axes_mm(grid)
    body = np.argwhere((values > -350)[::4, ::4, ::4]) * 4
    back = y.ravel()[int(np.quantile(body[:, 1], 0.999))] + rng.uniform(-2, 15)
    middle = x.ravel()[int(np.median(body[:, 2]))] + rng.normal(0, 10)
    top = back + rng.uniform(0, 0.0004) * (x - middle) ** 2
    thickness = rng.uniform(25, 60)
    inside = (y > top) & (y < top + thickness) & (np.abs(x - middle) < 240)
    shell = inside & ~((y > top + 2.5) & (y < top + thickness - 2.5))
    couch = np.where(shell, rng.uniform(0, 300), np.where(inside, rng.uniform(-960, -850), -1024))
    for side in (-1, 1):
        rod = (x - middle - side * rng.uniform(105, 150)) ** 2 + (y - back + rng.uniform(20, 60)) ** 2 < 7**2
        couch = np.maximum(couch, np.where(rod, 120, -1024))
    values = np.maximum(values, couch.astype(np.float32))
    for tooth in teeth_mm:
        _streak(values, (z, y, x), tooth, rng)
    values += rng.normal(0, rng.uniform(8, 25), values.shape).astype(np.float32)
    return image_of(np.clip(np.rint(values), -1024, 3071).astype(np.int16), grid)


def _streak(values: FloatArray, axes_mm: tuple[FloatArray, ...], tooth: Points, rng: np.random.Generator) -> None:
    """Draw a filling and what it does to the slices it is in, bright and dark rays, into Hounsfield units."""
    z, y, x = axes_mm
    slices = np.flatnonzero(np.abs(z.ravel() - tooth[2]) < 5)
    across, down = x[0] - tooth[0], y[0] - tooth[1]
    away = np.hypot(across, down) + 3
    for number in slices:
        angle = np.arctan2(down, across)
        rays = np.sin(angle * rng.integers(5, 12) + rng.uniform(0, 6.3)) + np.sin(angle * rng.integers(13, 25))
        values[number] += (rays * 9000 / away * np.exp(-away / 90)).astype(np.float32)
        values[number][away < 7] = 3071


def _made_up_t1(
    plain: sitk.Image, truth: sitk.Euler3DTransform, middle_mm: Points, teeth_mm: Points, rng: np.random.Generator
) -> sitk.Image:
    """Return a T1 of what a CT shows, after a pose that maps its points to the MR's."""
    spacing = np.array(SPACINGS_MM[rng.integers(len(SPACINGS_MM))])
    size = np.rint(np.array([rng.uniform(200, 250), rng.uniform(200, 250), rng.uniform(140, 240)]) / spacing).astype(
        int
    )
    tilt = sitk.Euler3DTransform((0, 0, 0), *np.deg2rad(rng.normal(0, 4, 3)).tolist())
    unplaced = Grid((size[0], size[1], size[2]), tuple(spacing.tolist()), (0.0, 0.0, 0.0), tuple(tilt.GetMatrix()))
    origin = moved(middle_mm[None], truth)[0] - unplaced.corners_mm().mean(axis=0)
    sx, sy, sz = (int(n) for n in size)
    grid = Grid((sx, sy, sz), unplaced.spacing_mm, tuple(origin.tolist()), unplaced.direction)
    # The patient goes on where the CT ends, so that its end is not a landmark.
    longer = sitk.ZeroFluxNeumannPad(sitk.Cast(plain, sitk.sitkFloat32), (0, 0, 40), (0, 0, 40))
    hu = resample_image(longer, grid, transform=inverse(truth), outside=-1024)
    values = _t1_of(array_of(hu), rng)
    for tooth in moved(teeth_mm, truth) if len(teeth_mm) else []:
        _void(values, grid, tooth)
    values *= 1 + 0.12 * _texture(grid, rng)
    values *= _bias(grid, rng)
    noise = rng.uniform(0.02, 0.05)
    values = np.hypot(values + rng.normal(0, noise, values.shape), rng.normal(0, noise, values.shape))
    return image_of(np.rint(values * rng.uniform(200, 2000)).astype(np.int16), grid)


def _t1_of(hu: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return signal of Hounsfield units: bright fat, middling muscle, marrow in between, dark air and compact bone."""
    at_hu = (-1024, -300, -110, -30, 40, 90, 180, 350, 900, 3071)
    fat, muscle, vessel, marrow = rng.uniform((0.75, 0.35, 0.3, 0.35), (1.0, 0.55, 0.6, 0.7))
    return np.interp(hu, at_hu, (0, 0.1, fat, muscle, muscle, vessel, marrow, marrow, 0.08, 0.02)).astype(np.float32)


def _void(values: FloatArray, grid: Grid, tooth: Points) -> None:
    """Put out the signal around a filling."""
    middle = np.rint(grid.index_xyz(tooth[None])[0]).astype(int)
    reach = np.ceil(12 / np.array(grid.spacing_mm)).astype(int)
    x, y, z = (slice(max(m - r, 0), max(m + r + 1, 0)) for m, r in zip(middle, reach, strict=True))
    values[z, y, x] *= 0.05


def _texture(grid: Grid, rng: np.random.Generator) -> FloatArray:
    """Return noise of unit size that is smooth over some 3 mm."""
    noise = rng.standard_normal(grid.shape_zyx, dtype=np.float32)
    smooth = ndimage.gaussian_filter(noise, [2.5 / s for s in grid.spacing_zyx_mm], output=np.float32, truncate=2.5)
    return np.asarray(smooth / smooth.std(), dtype=np.float32)


def _bias(grid: Grid, rng: np.random.Generator) -> FloatArray:
    """Return the coil's sensitivity, 0.75 to 1.25 or so."""
    z, y, x = _axes_mm(grid)
    field = SmoothField.draw(rng, reach_mm=200, length_mm=120, size=0.13, components=1)
    full = np.broadcast_arrays(x, y, z)
    return (
        np.asarray(1 + field.at(*(np.ascontiguousarray(a[::2, ::4, ::4]) for a in full))[0])
        .repeat(2, 0)
        .repeat(4, 1)
        .repeat(4, 2)[: grid.shape_zyx[0], : grid.shape_zyx[1], : grid.shape_zyx[2]]
    )


def _axes_mm(grid: Grid) -> tuple[FloatArray, ...]:
    """Return distances from the first voxel along z, y and x plus the origin, shaped to be broadcast."""
    axes = [
        (origin + np.arange(n) * step).astype(np.float32)
        for n, step, origin in zip(grid.size_xyz, grid.spacing_mm, grid.origin_mm, strict=True)
    ]
    x, y, z = axes
    return z[:, None, None], y[None, :, None], x[None, None, :]
