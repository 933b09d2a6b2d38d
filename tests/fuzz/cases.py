"""Inputs of cases: kinds of change to a good case of a random challenge, and the check that what was read was there."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.fuzz import folders, odd_headers
from tests.fuzz.decoding import UndecodableError, decode
from tests.fuzz.formats import metaimage, nifti, nrrd, tiff
from tests.fuzz.formats.streams import change_bytes, odd_gzip, odd_zlib, raw
from tests.fuzz.trial import Trial, Verdict, judge, run_forked
from tests.fuzz.values import change_json
from tests.fuzz.volumes import GoodCase, Volume, good_cases

_LARGEST_COMPARED_BYTES = 64 << 20
_SUFFIXES = (".mha", ".mhd", ".nii", ".nii.gz", ".nrrd")
_EHR_NAMES = (
    *("Age", "Gender", "Tobacco Consumption", "Alcohol Consumption", "Performance Status", "Treatment", "HPV Status"),
    "M-stage",
)

Build = Callable[[random.Random, GoodCase, Path, Any], None]
"""Change of the input folder of a good case; the last argument is an example of hypothesis, or None."""


def write_good(case: GoodCase, input_dir: Path) -> None:
    """Write a good case into an input folder."""
    for slug, volume in case.volumes.items():
        image_of(case, slug, input_dir).parent.mkdir(parents=True)
        image_of(case, slug, input_dir).write_bytes(metaimage.encoded(volume))
    for name, content in case.files.items():
        (input_dir / name).write_bytes(content)


def image_of(case: GoodCase, slug: str, input_dir: Path) -> Path:
    """Return the file of an image of the good case."""
    return input_dir / case.folder_of(slug) / "image.mha"


def _chosen(rng: random.Random, case: GoodCase) -> tuple[str, Volume]:
    return rng.choice(list(case.volumes.items()))


def _put(case: GoodCase, slug: str, input_dir: Path, name: str, content: bytes) -> None:
    path = image_of(case, slug, input_dir)
    path.unlink()
    path.with_name(name).write_bytes(content)


def _metaimage(rng: random.Random, case: GoodCase, input_dir: Path, _: Any) -> None:
    slug, volume = _chosen(rng, case)
    content = metaimage.changed(rng, volume)
    _put(case, slug, input_dir, f"image.{rng.choice(('mha', 'mha', 'mha', 'mha', 'mha', 'mhd'))}", content)
    if rng.random() < 0.2:
        (input_dir / case.folder_of(slug) / "voxels.raw").write_bytes(raw(volume.array))


def _nifti(rng: random.Random, case: GoodCase, input_dir: Path, _: Any) -> None:
    slug, volume = _chosen(rng, case)
    suffix, content = nifti.changed(rng, volume)
    _put(case, slug, input_dir, f"image{suffix}", content)


def _nrrd(rng: random.Random, case: GoodCase, input_dir: Path, _: Any) -> None:
    slug, volume = _chosen(rng, case)
    _put(case, slug, input_dir, "image.nrrd", nrrd.changed(rng, volume))


def _tiff(rng: random.Random, case: GoodCase, input_dir: Path, _: Any) -> None:
    slug, volume = _chosen(rng, case)
    _put(case, slug, input_dir, f"image{rng.choice(('.tif', '.tiff', '.mha', '.nii'))}", tiff.changed(rng, volume))


def _encoded(rng: random.Random, volume: Volume) -> tuple[str, bytes]:
    """Return the suffix and the bytes of a good file in a random format."""
    compress = rng.random() < 0.5
    return rng.choice(
        (
            (rng.choice((".mha", ".mhd")), metaimage.encoded(volume, compress=compress)),
            (".nii.gz" if compress else ".nii", nifti.encoded(volume, compress=compress, version=rng.choice((1, 2)))),
            (".nrrd", nrrd.encoded(volume, compress=compress)),
        )
    )


def _bytes(rng: random.Random, case: GoodCase, input_dir: Path, _: Any) -> None:
    slug, volume = _chosen(rng, case)
    suffix, content = _encoded(rng, volume)
    _put(case, slug, input_dir, f"image{suffix}", change_bytes(rng, content))


def _streams(rng: random.Random, case: GoodCase, input_dir: Path, _: Any) -> None:
    """Compress in an unusual or damaged way, or name one format as another."""
    slug, volume = _chosen(rng, case)
    voxels = raw(volume.array)
    how = rng.randrange(4)
    if how == 0:
        suffix, content = ".nii.gz", odd_gzip(rng, nifti.encoded(volume, compress=False))
    elif how == 1:
        suffix, content = ".nrrd", nrrd.joined(nrrd.fields_of(volume), odd_gzip(rng, voxels))
    elif how == 2:
        stored = odd_zlib(rng, voxels)
        said = rng.choice((None, len(stored), len(stored), len(stored) // 2, len(stored) * 2, 2**62))
        fields = [
            pair
            for pair in metaimage.fields_of(volume, compressed_bytes=said or 0)
            if said or pair[0] != "CompressedDataSize"
        ]
        suffix, content = ".mha", metaimage.joined(fields, stored)
    else:
        suffix, content = rng.choice(_SUFFIXES), _encoded(rng, volume)[1]
    _put(case, slug, input_dir, f"image{suffix}", content)


def _voxels(rng: random.Random, case: GoodCase, input_dir: Path, _: Any) -> None:
    """Change values, types or the place of a volume, in a file that is whole."""
    slug, volume = _chosen(rng, case)
    array = volume.array.astype(rng.choice(("i2", "i4", "i8", "u8", "f4", "f8", "f8", str(volume.array.dtype))))
    flat = array.reshape(-1)
    odd = (
        (float("nan"), float("inf"), float("-inf"), 3e38, -3e38, 1e300)
        if array.dtype.kind == "f"
        else (0, 1, 3, 127, 32767)
    )
    how = rng.randrange(6)
    if how <= 1:
        with np.errstate(over="ignore"):
            for at in rng.sample(range(array.size), rng.choice((1, 5, array.size // 2))):
                flat[at] = rng.choice(odd)
    elif how == 2:
        with np.errstate(over="ignore"):
            flat[:] = rng.choice(odd)
    elif how == 3:
        ends = np.finfo(array.dtype) if array.dtype.kind == "f" else np.iinfo(array.dtype)
        flat[rng.randrange(array.size)] = ends.max
    elif how == 4:
        cut = tuple(slice(0, rng.choice((1, 2, side))) for side in array.shape)
        array = np.ascontiguousarray(array[cut])
    shift = rng.choice((0.0, 0.0, 1e-6, 1e-3, 0.04, 0.4, 500.0))
    place = Volume(array, volume.spacing, tuple(number + shift for number in volume.origin), volume.direction)
    suffix, content = _encoded(rng, place)
    _put(case, slug, input_dir, f"image{suffix}", content)


def _odd_header(_rng: random.Random, case: GoodCase, input_dir: Path, example: Any) -> None:
    _name, contents = example
    slug = next(iter(case.volumes))
    image_of(case, slug, input_dir).unlink()
    for each, content in contents.items():
        image_of(case, slug, input_dir).with_name(each).write_bytes(content)


def _folders(rng: random.Random, case: GoodCase, input_dir: Path, _: Any) -> None:
    folders.change_folder(rng, input_dir, image_of(case, _chosen(rng, case)[0], input_dir))


def _good_list(rng: random.Random, case: GoodCase) -> list[Any]:
    """Return the `inputs.json` of a good case, in one of the platform's generations."""
    entries: list[Any] = []
    for number, slug in enumerate(case.volumes):
        path = str(case.folder_of(slug))
        described = {
            "slug": slug,
            "relative_path": path,
            "title": slug,
            "super_kind": "Image",
            "kind": "Image",
            "pk": number,
        }
        local = {"slug": slug, "relative_path": path, "is_image_kind": True, "is_json_kind": False}
        image = {"name": "image.mha", "pk": f"0000-{number}"}
        entries.append(
            rng.choice(
                (
                    {"interface": described, "image": image, "value": None, "file": None, "pk": number},
                    {"socket": described, "interface": described, "image": image, "value": None, "pk": number},
                    {"socket": local, "image": image, "file": None, "value": None},
                )
            )
        )
    return entries


def _inputs_json(rng: random.Random, case: GoodCase, input_dir: Path, example: Any) -> None:
    value = example if example is not None else _good_list(rng, case)
    if example is None:
        for _ in range(rng.choice((1, 1, 2, 3))):
            value = change_json(rng, value)
    (input_dir / "inputs.json").write_bytes(_written(rng, value))


def _record(rng: random.Random, _: GoodCase, input_dir: Path, example: Any) -> None:
    from tests.support.small_hecktor import EHR_FILE

    (input_dir / EHR_FILE).write_bytes(_written(rng, example))


def _written(rng: random.Random, value: Any) -> bytes:
    """Return a JSON file of a value, in an unusual encoding or damaged now and then."""
    text = json.dumps(value, ensure_ascii=rng.random() < 0.5, indent=rng.choice((None, 2)))
    encoding = rng.choice(("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "latin-1"))
    written = text.encode(encoding, "surrogatepass" if encoding.startswith("utf") else "replace")
    how = rng.random()
    if how < 0.1:
        return change_bytes(rng, written)
    if how < 0.13:
        return rng.choice(
            (b"[" * 100_000, b'{"a":' * 100_000, b"1" * 10_000, b"", b"null", b"\0" * 1000, b'["\\ud800"]')
        )
    return written


KINDS: dict[str, tuple[int, Build]] = {
    "MetaImage headers": (2000, _metaimage),
    "NIfTI headers": (1800, _nifti),
    "NRRD headers": (1200, _nrrd),
    "odd but well-formed headers": (1000, _odd_header),
    "bytes of any format": (1500, _bytes),
    "compressed streams": (600, _streams),
    "voxels and places": (350, _voxels),
    "TIFF": (150, _tiff),
    "folders, links, pipes and names": (500, _folders),
    "inputs.json": (300, _inputs_json),
    "inputs.json by a strategy": (300, _inputs_json),
    "health record": (300, _record),
}
"""Kinds of inputs, each with its share of 10,000 and what builds one."""
_ONLY_CASE = {"odd but well-formed headers": 0, "health record": 2}  # any values may be an MR; only HECKTOR has records


def examples_of(kind: str, count: int, seed: int) -> list[Any]:
    """Return the examples that a kind is built from; of kinds without a strategy, only None."""
    slugs = tuple(slug for case in good_cases() for slug in case.volumes)
    strategies = {
        "odd but well-formed headers": odd_headers.IMAGES,
        "inputs.json by a strategy": odd_headers.input_lists(slugs),
        "health record": odd_headers.records(_EHR_NAMES),
    }
    if kind not in strategies:
        return [None] * count
    drawn = odd_headers.examples(strategies[kind], count, seed)
    return [drawn[number % len(drawn)] for number in range(count)]


def try_case(kind: str, name: str, example: Any, folder: Path, models: dict[str, Path]) -> tuple[Trial, Verdict]:
    """Build an input from its name, run it, and return the trial and its verdict."""
    rng = random.Random(name)
    case = good_cases()[_ONLY_CASE[kind]] if kind in _ONLY_CASE else rng.choice(good_cases())
    trial = Trial(case.challenge, folder, models[case.challenge])
    write_good(case, trial.input_dir)
    KINDS[kind][1](rng, case, trial.input_dir, example)
    return trial, judge_case(trial)


def judge_case(trial: Trial) -> Verdict:
    """Run a trial whose folders are there, and return the verdict on it and on what was read."""
    disagreements = trial.folder / "disagreements"
    ended = run_forked(trial, after=lambda: _compare_all(trial.input_dir, disagreements))
    verdict = judge(trial, ended)
    if verdict.word != "fault" and disagreements.exists():
        verdict = Verdict("fault", f"read otherwise than its header says: {disagreements.read_text(errors='replace')}")
    return _judge_grid(trial, verdict) if verdict.word == "accepted" else verdict


def _judge_grid(trial: Trial, verdict: Verdict) -> Verdict:
    """Return a fault where the label map does not lie on the grid that the reference's header gives."""
    from tests.fuzz.volumes import spec_of

    spec = spec_of(trial.challenge)
    written = decode(trial.output_dir / spec.output.relative_path / "output.mha")
    if any(_lies_on_grid_of(written, path) for path in _image_files(trial.input_dir)):
        return verdict
    return Verdict("fault", "the label map lies on the grid of no input image")


def _lies_on_grid_of(written: Volume, path: Path) -> bool:
    try:
        return not all(_place_differs(written, decode(path, form=form)) for form in ("sform", "qform"))
    except UndecodableError:
        return False


def _image_files(input_dir: Path) -> list[Path]:
    """Return the regular files below a folder whose names end as an image's."""
    found = (Path(at) / name for at, _, names in os.walk(input_dir, followlinks=True) for name in names)
    images = (path for path in found if path.name.lower().endswith(_SUFFIXES))
    return [path for path in images if path.is_file() and path.stat().st_size <= _LARGEST_COMPARED_BYTES]


def _compare_all(input_dir: Path, disagreements: Path) -> None:
    """Write down each image that the product reads otherwise than the independent decoder."""
    for path in _image_files(input_dir):
        if difference := difference_of(path):
            with disagreements.open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(f"{path.name}: {difference}\n")


def difference_of(path: Path) -> str:
    """Return how the product reads a file otherwise than its header says; empty where it refuses or agrees."""
    import SimpleITK as sitk

    from hnseg.errors import InputError
    from hnseg.imaging.files.reading import read_volume

    try:
        image = read_volume(path, title="image")
    except (InputError, MemoryError):
        return ""
    try:
        wanted = decode(path)
    except UndecodableError as error:
        return f"it is read, but has no one meaning: {error}"
    read = Volume(sitk.GetArrayFromImage(image), image.GetSpacing(), image.GetOrigin(), image.GetDirection())
    if read.size != wanted.size:
        return f"its size is {read.size} instead of {wanted.size}"
    if not np.allclose(
        read.array.astype(np.float64), wanted.array.astype(np.float64), rtol=1e-5, atol=1e-6, equal_nan=True
    ):
        return "its voxels differ"
    # ITK takes the one or the other form of a NIfTI that has both.
    return _place_differs(read, wanted) and _place_differs(read, decode(path, form="qform"))


def _place_differs(found: Volume, wanted: Volume) -> str:
    """Return the difference of two places in words; empty where voxels are less than a thousandth of a mm apart."""
    if found.size != wanted.size:
        return f"its size is {found.size} instead of {wanted.size}"
    corners = np.array([(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)]) * (np.array(found.size) - 1)
    apart = np.abs(_points(found, corners) - _points(wanted, corners)).max()
    scale = max(1.0, float(np.abs(_points(wanted, corners)).max()))
    return "" if apart <= 1e-3 + 2e-6 * scale else f"its voxels lie up to {apart:g} mm elsewhere"


def _points(volume: Volume, indices: np.ndarray) -> np.ndarray:
    matrix = np.reshape(volume.direction, (3, 3)) * np.array(volume.spacing)
    points: np.ndarray = indices @ matrix.T + np.array(volume.origin)
    return points
