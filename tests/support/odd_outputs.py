"""Folders of output files that are odd in one way each, written byte by byte, so that no image library decides."""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

VOXELS = bytes([0, 1, 2, 1] * 6)  # of 4 x 3 x 2
_FIELDS = {
    "ObjectType": "Image",
    "NDims": "3",
    "BinaryData": "True",
    "BinaryDataByteOrderMSB": "False",
    "CompressedData": "False",
    "TransformMatrix": "1 0 0 0 1 0 0 0 1",
    "Offset": "0 0 0",
    "ElementSpacing": "1 1 2",
    "DimSize": "4 3 2",
    "ElementType": "MET_UCHAR",
    "ElementDataFile": "LOCAL",
}
_IN_4D = {"NDims": "4", "TransformMatrix": "1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1", "Offset": "0 0 0 0"} | {
    "ElementSpacing": "1 1 1 1"
}

Write = Callable[[Path], object]
"""Function that writes files into a folder."""


def header(fields: Mapping[str, str | None] | None = None, **more: str | None) -> bytes:
    """Return a header of a MetaImage with other fields, or without those that are None; the voxels' file comes last."""
    changed = _FIELDS | dict(fields or {}) | more
    last = changed.pop("ElementDataFile")
    lines = [f"{name} = {value}\n" for name, value in changed.items() if value is not None]
    return ("".join(lines) + ("" if last is None else f"ElementDataFile = {last}\n")).encode()


def mha(voxels: bytes = VOXELS, *, name: str = "output.mha", **fields: str | None) -> Write:
    """Write one file of a header with these fields and the voxels."""
    return raw(header(**fields) + voxels, name)


def raw(content: bytes, name: str = "output.mha") -> Write:
    """Write one file of these bytes."""
    return lambda folder: (folder / name).write_bytes(content)


def mhd(data_file: str, *files: str, voxels: bytes = VOXELS, name: str = "output.mhd", **fields: str | None) -> Write:
    """Write a header that names a file of voxels, and files of voxels; `{folder}` is the folder's own path."""

    def write(folder: Path) -> None:
        for file in files:
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_bytes(voxels)
        (folder / name).write_bytes(header(ElementDataFile=data_file.format(folder=folder), **fields))

    return write


def both(*writes: Write) -> Write:
    """Write the files of several others."""
    return lambda folder: [write(folder) for write in writes]


def below(name: str, write: Write) -> Write:
    """Write into a folder of the folder."""

    def write_below(folder: Path) -> None:
        (folder / name).mkdir()
        write(folder / name)

    return write_below


def tiff(
    *,
    bits: int = 8,
    samples: int = 1,
    photometric: int = 1,
    unit: int | None = 3,
    resolution: tuple[int, int] | None = (10, 1),
    pages: int = 1,
    sample_format: int | None = None,
    extremes: tuple[int, int] | None = (0, 2),
    order: str = "<",
) -> bytes:
    """Return a classic TIFF of 4 x 3 pixels a page in one strip."""
    count = 12 * samples * bits // 8
    pixels = (VOXELS * 16)[:count]
    content = struct.pack(f"{order}2sHI", b"II" if order == "<" else b"MM", 42, 8)
    for page in range(pages):
        tags: dict[int, tuple[int, list[int]]] = {
            256: (3, [4]),
            257: (3, [3]),
            258: (3, [bits]),
            259: (3, [1]),
            262: (3, [photometric]),
            277: (3, [samples]),
            278: (3, [3]),
            279: (4, [count]),
        }
        if resolution:
            tags[282] = tags[283] = (5, list(resolution))
        if unit:
            tags[296] = (3, [unit])
        if extremes:
            tags[280], tags[281] = (3, [extremes[0]]), (3, [extremes[1]])
        if sample_format:
            tags[339] = (3, [sample_format])
        data_at = len(content) + 2 + 12 * (len(tags) + 1) + 4
        tags[273] = (4, [data_at + 8])
        entries = b""
        for tag, (kind, values) in sorted(tags.items()):
            value = (
                struct.pack(f"{order}I", data_at) if kind == 5 else struct.pack(order + "HI"[kind // 4] * 1, *values)
            )
            entries += struct.pack(f"{order}HHI", tag, kind, 1) + value.ljust(4, b"\0")
        following = 0 if page == pages - 1 else data_at + 8 + count
        content += struct.pack(f"{order}H", len(tags)) + entries + struct.pack(f"{order}I", following)
        content += struct.pack(f"{order}2I", *(resolution or (0, 0))) + pixels
    return content


_DEFLATED = zlib.compress(VOXELS)
_PACKED = {"CompressedData": "True", "CompressedDataSize": str(len(_DEFLATED))}

KINDS: dict[str, Write] = {
    # types
    "uint8": mha(),
    "int8": mha(ElementType="MET_CHAR"),
    "uint16": mha(VOXELS * 2, ElementType="MET_USHORT"),
    "int16": mha(VOXELS * 2, ElementType="MET_SHORT"),
    "int32": mha(VOXELS * 4, ElementType="MET_INT"),
    "float": mha(VOXELS * 4, ElementType="MET_FLOAT"),
    "double": mha(bytes(192), ElementType="MET_DOUBLE"),
    "long of four bytes": mha(VOXELS * 4, ElementType="MET_LONG"),
    "long long": mha(bytes(192), ElementType="MET_LONG_LONG"),
    "array type": mha(VOXELS * 3, ElementType="MET_UCHAR_ARRAY", ElementNumberOfChannels="3"),
    "no such type": mha(ElementType="MET_NOTHING"),
    "type other": mha(ElementType="MET_OTHER"),
    "no type": mha(ElementType=None),
    # components
    "two components": mha(VOXELS * 2, ElementNumberOfChannels="2"),
    "three components": mha(VOXELS * 3, ElementNumberOfChannels="3"),
    "four components": mha(VOXELS * 4, ElementNumberOfChannels="4"),
    "five components": mha(VOXELS * 5, ElementNumberOfChannels="5"),
    "no components": mha(ElementNumberOfChannels="0"),
    # dimensions
    "1-D": mha(VOXELS, NDims="1", DimSize="24", TransformMatrix="1", Offset="0", ElementSpacing="1"),
    "2-D": mha(VOXELS, NDims="2", DimSize="6 4", TransformMatrix="1 0 0 1", Offset="0 0", ElementSpacing="1 1"),
    "4-D of 0 and 1": mha(bytes([0, 1] * 12), DimSize="4 3 1 2", **_IN_4D),
    "4-D of more values": mha(DimSize="4 3 1 2", **_IN_4D),
    "4-D of 65 volumes": mha(bytes(65), DimSize="1 1 1 65", **_IN_4D),
    "5-D": mha(NDims="5", DimSize="4 3 2 1 1", TransformMatrix=None, Offset=None, ElementSpacing="1 1 1 1 1"),
    "a size of 0": mha(b"", DimSize="4 3 0"),
    "a negative size": mha(DimSize="4 3 -2"),
    "a size of two numbers": mha(DimSize="4 3"),
    "no size": mha(DimSize=None),
    "no dimensions": mha(NDims=None),
    "DimSize twice": raw(header().replace(b"DimSize = 4 3 2\n", b"DimSize = 4 3 2\nDimSize = 4 3 2\n") + VOXELS),
    # geometry
    "spacing 0": mha(ElementSpacing="1 0 1"),
    "negative spacing": mha(ElementSpacing="1 -1 1"),
    "spacing nan": mha(ElementSpacing="1 nan 1"),
    "spacing of two numbers": mha(ElementSpacing="1 1"),
    "no spacing": mha(ElementSpacing=None),
    "spacing as text": mha(ElementSpacing="1 x 1"),
    "origin nan": mha(Offset="0 nan 0"),
    "origin and position": mha(Position="5 5 5"),
    "a direction of zeros": mha(TransformMatrix="0 0 0 0 0 0 0 0 0"),
    "a sheared direction": mha(TransformMatrix="1 0.5 0 0 1 0 0 0 1"),
    "no direction": mha(TransformMatrix=None),
    # voxels
    "deflated": mha(_DEFLATED, **_PACKED),
    "deflated, size not told": mha(_DEFLATED, CompressedData="True"),
    "deflated, size wrong": mha(_DEFLATED, CompressedData="True", CompressedDataSize="7"),
    "deflated, cut": mha(_DEFLATED[:-6], **_PACKED),
    "deflated, said to be plain": mha(_DEFLATED),
    "cut": mha(VOXELS[:-1]),
    "one byte more": mha(VOXELS + b"\0"),
    "no voxels": mha(b""),
    "voxels as text": mha(b"0 1 2 1 " * 6, BinaryData="False"),
    "BinaryData not told": mha(BinaryData=None),
    "big-endian uint8": mha(BinaryDataByteOrderMSB="True"),
    "a header size": mha(HeaderSize="12"),
    "a header size of -1": mha(HeaderSize="-1"),
    "values over 63": mha(bytes(range(60, 84))),
    # place of the voxels
    "Local": mha(ElementDataFile="Local"),
    "local": mha(ElementDataFile="local"),
    "another suffix": mha(name="output.dat"),
    "no suffix": mha(name="output"),
    "LOCAL in an mhd": mha(name="output.mhd"),
    "an mha that names a file": mhd("output.raw", "output.raw", name="output.mha"),
    "mhd": mhd("output.raw", "output.raw"),
    "mhd, deflated": mhd("output.zraw", "output.zraw", voxels=_DEFLATED, **_PACKED),
    "mhd, raw in a folder": mhd("sub/output.raw", "sub/output.raw"),
    "mhd, raw beside and in a folder": mhd("sub/output.raw", "sub/output.raw", "output.raw"),
    "mhd, raw by ./": mhd("./output.raw", "output.raw"),
    "mhd, raw by an absolute path": mhd("{folder}/output.raw", "output.raw"),
    "mhd, raw outside": mhd("/etc/hostname"),
    "mhd, raw a folder up": below("deeper", mhd("../output.raw", "../output.raw")),
    "mhd, no raw": mhd("output.raw"),
    "mhd, raw cut": mhd("output.raw", "output.raw", voxels=VOXELS[:-1]),
    "mhd, raw too long": mhd("output.raw", "output.raw", voxels=VOXELS + b"\0"),
    "mhd, a blank in the name": mhd("my output.raw", "my output.raw"),
    "mhd, a letter beyond ASCII": mhd("m\u00e4ske.raw", "m\u00e4ske.raw"),
    "mhd, a list of files": mhd("LIST"),
    "mhd, a pattern of files": mhd("output%d.raw 1 2 1", "output1.raw", "output2.raw", voxels=VOXELS[:12]),
    "mhd, its raw is an mha": both(mha(name="other.mha"), mhd("other.mha")),
    # additional fields
    "window": mha(WindowCenter="40", WindowWidth="350"),
    "window width x": mha(WindowWidth="x"),
    "window width of two numbers": mha(WindowWidth="350 400"),
    "window width list alone": mha(WindowWidth="[350, 400]"),
    "window lists": mha(WindowCenter="[40, 50]", WindowWidth="[350, 400]"),
    "window lists of two lengths": mha(WindowCenter="[40, 50]", WindowWidth="[350]"),
    "window list and number": mha(WindowCenter="40", WindowWidth="[350, 400]"),
    "window width 1e3": mha(WindowWidth="1e3"),
    "window width 1.": mha(WindowWidth="1."),
    "window width empty": mha(WindowWidth=""),
    "one exposure": mha(Exposures="1"),
    "two exposures of one time": mha(Exposures="1 2"),
    "two exposures of two times": mha(bytes([0, 1] * 12), DimSize="4 3 1 2", Exposures="1 2", **_IN_4D),
    "an exposure that is no number": mha(Exposures="long"),
    "content times": mha(ContentTimes="235959.123"),
    "content times beyond a day": mha(ContentTimes="245959"),
    "laterality of 128 characters": mha(Laterality="L" * 128),
    "laterality of 129 characters": mha(Laterality="L" * 129),
    "slice thickness": mha(SliceThickness="2.5"),
    "slice thickness as text": mha(SliceThickness="2.5 mm"),
    "t0 and t1": mha(t0="0", t1="1.5"),
    "t1 as text": mha(t1="soon"),
    "smallest value as text": mha(SmallestImagePixelValue="none"),
    "both extremes": mha(SmallestImagePixelValue="0", LargestImagePixelValue="2"),
    "exposures with two blanks": mha(bytes([0, 1] * 12), DimSize="4 3 1 2", Exposures="1  2", **_IN_4D),
    "a window by a colon": raw(header().replace(b"ElementDataFile", b"WindowWidth : x\nElementDataFile") + VOXELS),
    "window width twice, the last x": raw(
        header().replace(b"ElementDataFile", b"WindowWidth = 1\nWindowWidth = x\nElementDataFile") + VOXELS
    ),
    "window width x after a blank": mha(WindowWidth=" 350 "),
    "a field of its own": mha(MyModel="HNSeg 1.0"),
    # the header's text
    "a comment in UTF-8": mha(Comment="50 \u00b5m"),
    "a comment that is not UTF-8": raw(header(Comment="50 um").replace(b"50 um", b"50 \xb5m") + VOXELS),
    "a field that is not UTF-8": raw(header(MyUnit="um").replace(b"um", b"\xb5m") + VOXELS),
    "a zero byte": raw(header(Comment="a b").replace(b"a b", b"a\0b") + VOXELS),
    "a comment of 300 characters": mha(Comment="c" * 300),
    "a line of 9,000 bytes": mha(MyText="x" * 9_000),
    "a line of 20,000 bytes": mha(MyText="x" * 20_000),
    "12,000 lines": raw(b"".join(b"Tag%d = 1\n" % n for n in range(12_000)) + header() + VOXELS),
    "blank lines": raw(header().replace(b"\n", b"\n\n", 3) + VOXELS),
    "lines that end as on Windows": raw(header().replace(b"\n", b"\r\n") + VOXELS),
    "no blanks": raw(header().replace(b" = ", b"=") + VOXELS),
    "colons": raw(header().replace(b" = ", b": ") + VOXELS),
    "a colon before LOCAL": raw(header().replace(b"ElementDataFile =", b"ElementDataFile :") + VOXELS),
    "names in lower case": raw(header().lower().replace(b"local", b"LOCAL") + VOXELS),
    "an object that is no image": mha(ObjectType="Tube"),
    "no object": mha(ObjectType=None),
    "no data file": mha(ElementDataFile=None),
    "the data file first": raw(b"ElementDataFile = LOCAL\n" + header() + VOXELS),
    # other files, and several
    "no file": both(),
    "an empty file": raw(b""),
    "text": raw(b"segmentation\n", "output.txt"),
    "a NIfTI": raw(gzip.compress(bytes(400)), "output.nii.gz"),
    "an NRRD": raw(b"NRRD0004\ntype: uint8\ndimension: 2\nsizes: 2 2\nencoding: raw\n\n\0\0\0\0", "output.nrrd"),
    "in a folder": below("deeper", mha()),
    "two images": both(mha(name="a.mha"), mha(name="b.mha")),
    "two images, one cut": both(mha(name="a.mha"), mha(VOXELS[:-1], name="b.mha")),
    "two images, one with an odd window": both(mha(name="a.mha"), mha(name="b.mha", WindowWidth="x")),
    "an image and text": both(mha(), raw(b"1", "volume.txt")),
    "an image and a TIFF": both(mha(), raw(tiff(), "output.tif")),
    # TIFF
    "TIFF": raw(tiff(), "output.tif"),
    "TIFF, big-endian": raw(tiff(order=">"), "output.tif"),
    "TIFF under another name": raw(tiff(), "output.mha"),
    "TIFF in inches": raw(tiff(unit=2), "output.tif"),
    "TIFF without a unit": raw(tiff(unit=1), "output.tif"),
    "TIFF, unit not told": raw(tiff(unit=None), "output.tif"),
    "TIFF without resolution": raw(tiff(resolution=None), "output.tif"),
    "TIFF with resolution 0": raw(tiff(resolution=(0, 1)), "output.tif"),
    "TIFF with resolution over 0": raw(tiff(resolution=(1, 0)), "output.tif"),
    "TIFF, extremes not told": raw(tiff(extremes=None), "output.tif"),
    "TIFF, extremes far apart": raw(tiff(extremes=(0, 64)), "output.tif"),
    "TIFF, largest value 0": raw(tiff(extremes=(0, 0)), "output.tif"),
    "TIFF, values 1 to 2": raw(tiff(extremes=(1, 2)), "output.tif"),
    "TIFF, big-endian, values 1 to 2": raw(tiff(extremes=(1, 2), order=">"), "output.tif"),
    "TIFF, values 1 to 65": raw(tiff(extremes=(1, 65)), "output.tif"),
    "TIFF, three colours, values 1 to 2": raw(tiff(samples=3, photometric=2, extremes=(1, 2)), "output.tif"),
    "TIFF, float, values 1 to 2": raw(tiff(bits=32, sample_format=3, extremes=(1, 2)), "output.tif"),
    "TIFF, three colours": raw(tiff(samples=3, photometric=2), "output.tif"),
    "TIFF, white is zero": raw(tiff(photometric=0), "output.tif"),
    "TIFF, uint16": raw(tiff(bits=16), "output.tif"),
    "TIFF, float": raw(tiff(bits=32, sample_format=3), "output.tif"),
    "TIFF, int8": raw(tiff(sample_format=2), "output.tif"),
    "TIFF, two pages": raw(tiff(pages=2), "output.tif"),
    "TIFF, pixels cut": raw(tiff()[:-6], "output.tif"),
    "TIFF, directory cut": raw(tiff()[:60], "output.tif"),
    "TIFF, its first bytes": raw(tiff()[:8], "output.tif"),
}
"""Odd folders by what is odd about them."""
