"""Well-formed but unusual headers and JSON files, as strategies of hypothesis."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.formats import metaimage, nifti, nrrd
from tests.fuzz.formats.streams import raw
from tests.fuzz.volumes import OBLIQUE, UPRIGHT, Volume

File = tuple[str, dict[str, bytes]]
"""Name of the image file, and the contents of it and of the files beside it."""


def examples(strategy: st.SearchStrategy[Any], count: int, start: int) -> list[Any]:
    """Return examples of a strategy, always the same for a seed and a count."""
    drawn: list[Any] = []

    @seed(start)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def draw(example: Any) -> None:
        drawn.append(example)

    draw()
    return drawn


@st.composite
def volumes(draw: st.DrawFn) -> Volume:
    """Draw a volume of any type and a few voxels in a possible place."""
    shape = tuple(draw(st.lists(st.integers(1, 7), min_size=3, max_size=3)))
    kind = np.dtype(draw(st.sampled_from(list(nrrd.TYPES))))
    numbers = np.random.default_rng(draw(st.integers(0, 99)))
    if kind.kind == "f":
        array = numbers.normal(0, 400, shape).astype(kind)
    else:
        ends = np.iinfo(kind)
        array = numbers.integers(ends.min, ends.max, shape, dtype=kind, endpoint=True)
    side = st.sampled_from((0.5, 0.97265625, 1.0, 2.5, 6.0))
    place = st.floats(-900, 900, allow_nan=False, width=32)
    return Volume(
        array,
        tuple(draw(side) for _ in range(3)),
        tuple(draw(place) for _ in range(3)),
        draw(
            st.sampled_from((UPRIGHT, OBLIQUE, (-1.0, 0, 0, 0, -1.0, 0, 0, 0, 1.0), (0, 1.0, 0, 0, 0, 1.0, 1.0, 0, 0)))
        ),
    )


@st.composite
def metaimages(draw: st.DrawFn) -> File:
    """Draw a MetaImage whose header is spelt in another way than ITK's."""
    volume, compress, big_endian = draw(volumes()), draw(st.booleans()), draw(st.booleans())
    voxels = raw(volume.array, big_endian=big_endian)
    stored = zlib.compress(voxels, draw(st.integers(0, 9))) if compress else voxels
    fields = dict(metaimage.fields_of(volume, compressed_bytes=len(stored) if compress else None))
    fields["BinaryDataByteOrderMSB"] = draw(st.sampled_from(("True", "true", "1") if big_endian else ("False", "0")))
    for name, others in {
        "Offset": ("Position", "Origin"),
        "TransformMatrix": ("Rotation", "Orientation"),
        "ElementSpacing": ("ElementSize",),
        "BinaryDataByteOrderMSB": ("ElementByteOrderMSB",),
    }.items():
        spelt = draw(st.sampled_from((name, *others)))
        fields[spelt] = fields.pop(name)
    for name in ("ObjectType", "CenterOfRotation"):
        if draw(st.booleans()):
            fields.pop(name, None)
    first = {name: fields.pop(name) for name in ("ObjectType", "NDims") if name in fields}
    fields.pop("ElementDataFile")
    middle = draw(st.permutations([*fields.items(), *draw(_own_tags())]))
    name, beside = draw(st.sampled_from((("image.mha", ""), ("image.mhd", ""), ("image.mhd", "voxels.raw"))))
    lines = [*first.items(), *middle, ("ElementDataFile", beside or draw(st.sampled_from(("LOCAL", "Local", "local"))))]
    head = metaimage.joined(lines, b"", equals=draw(st.sampled_from((" = ", "=", " =", "= "))))
    return name, {name: head, beside: stored} if beside else {name: head + stored}


@st.composite
def _own_tags(draw: st.DrawFn) -> list[tuple[str, str]]:
    text = st.text(
        st.characters(codec="ascii", exclude_categories=("Cc",), exclude_characters="=:"), min_size=1, max_size=40
    )
    tags = draw(st.dictionaries(st.from_regex(r"X[A-Za-z0-9_]{1,12}", fullmatch=True), text, max_size=3))
    return [(name, f"{value.strip()}v") for name, value in tags.items()]


@st.composite
def niftis(draw: st.DrawFn) -> File:
    """Draw a NIfTI of either version and byte order, placed by either form, perhaps scaled."""
    volume, version, order = draw(volumes()), draw(st.sampled_from((1, 2))), draw(st.sampled_from("<>"))
    fields = nifti.fields_of(volume, version)
    if volume.direction in (UPRIGHT, OBLIQUE) and draw(st.booleans()):
        fields |= {"forms": [draw(st.integers(1, 4)), 0], "quaternion": nifti.quaternion_of(volume)}
    fields["scl"] = draw(st.sampled_from(([1.0, 0.0], [0.0, 0.0], [0.0, 5.0], [2.0, -1024.0], [0.5, 0.0])))
    extra = draw(st.integers(0, 2))
    fields["dim"] = [3 + extra, *volume.size, *[1] * 4]
    fields["descrip"] = draw(st.binary(max_size=80))
    fields["units"] = draw(st.sampled_from((0, 2, 10)))
    whole = nifti.header(fields, version, order=order) + raw(volume.array, big_endian=order == ">")
    if draw(st.booleans()):
        return "image.nii", {"image.nii": whole}
    cut = draw(st.integers(0, len(whole)))
    return "image.nii.gz", {"image.nii.gz": gzip.compress(whole[:cut], mtime=0) + gzip.compress(whole[cut:], mtime=0)}


@st.composite
def nrrds(draw: st.DrawFn) -> File:
    """Draw a NRRD in another order, spelling and space than ITK's."""
    volume, compress = draw(volumes()), draw(st.booleans())
    fields = dict(nrrd.fields_of(volume, compress=compress))
    big_endian = draw(st.booleans())
    fields["type"] = draw(st.sampled_from(nrrd.TYPES[volume.array.dtype.str[1:]]))
    fields["endian"] = "big" if big_endian else "little"
    fields["space"] = draw(st.sampled_from(("left-posterior-superior", "LPS", "right-anterior-superior", "RAS", "LAS")))
    fields["encoding"] = draw(st.sampled_from(("gzip", "gz", "GZIP"))) if compress else "raw"
    for name in draw(st.sets(st.sampled_from(("kinds", "space origin")))):
        del fields[name]
    others = draw(
        st.sets(st.sampled_from((("content", "a: b"), ("units", '"" "" ""'), ("Key:=", "value"), ("# note", ""))))
    )
    lines = draw(st.permutations([*fields.items(), *sorted(others)]))
    lines = sorted(
        lines, key=lambda line: {"dimension": 0, "space": 1}.get(line[0], 2)
    )  # ITK's reader needs these first
    voxels = raw(volume.array, big_endian=big_endian)
    magic = draw(st.sampled_from(("NRRD0001", "NRRD0004", "NRRD0005")))
    return "image.nrrd", {
        "image.nrrd": nrrd.joined(lines, gzip.compress(voxels, mtime=0) if compress else voxels, magic=magic)
    }


IMAGES = st.one_of(metaimages(), niftis(), nrrds())

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
"""Any JSON value; NaN and infinities as Python writes them."""

_PATHS = st.sampled_from(
    ("images/ct", "", ".", "/etc", "..", "images/../images/ct", "a" * 5000, "images", "ehr.json", "\0", "~")
)


def input_lists(slugs: tuple[str, ...]) -> st.SearchStrategy[Any]:
    """Return the strategy of an `inputs.json` that names a challenge's sockets among others."""
    socket = st.fixed_dictionaries(
        {"slug": st.sampled_from((*slugs, "other")), "relative_path": _PATHS},
        optional={
            "super_kind": st.sampled_from(("Image", "image", "File", "Value", "")) | JSON,
            "is_image_kind": st.booleans() | JSON,
            "kind": st.text(max_size=10),
            "pk": st.integers(),
        },
    )
    entry = st.dictionaries(
        st.sampled_from(("socket", "interface", "image", "file", "value")), st.one_of(socket, socket, JSON), max_size=3
    )
    return st.lists(entry, max_size=5) | JSON


def records(names: tuple[str, ...]) -> st.SearchStrategy[Any]:
    """Return the strategy of a health record with some of the names."""
    value = st.one_of(
        st.none(), st.integers(-5, 130), st.floats(), st.sampled_from(("Male", "1", "NA", "nan", "")), JSON
    )
    return st.dictionaries(st.sampled_from(names) | st.text(max_size=8), value, max_size=10) | JSON
