"""Random changes to the input of a case: to bytes and headers of its images, and to its files and folders.

The same seed makes the same change. Each is one that a broken copy, another program or an attacker could have made.
"""

from __future__ import annotations

import gzip
import os
import random
import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.imaging.files.reading import read_volume

_JUNK = [
    *(
        "",
        "0",
        "1",
        "-1",
        "2",
        "4",
        "100",
        "1e39",
        "nan",
        "inf",
        "-inf",
        "1e400",
        "99999999999999999999",
        "0x10",
        "1,5",
    ),
    *("True", "False", "true", "T", "yes", "LOCAL", "Local", "LIST", "%s%s%s%n 1 10 1", "../../../etc/passwd", "x.raw"),
    *(
        "MET_CHAR_ARRAY",
        "MET_SHORT",
        "MET_DOUBLE",
        "MET_LONG",
        "uchar",
        "double",
        "block",
        "gzip",
        "raw",
        "ascii",
        "big",
    ),
    *(
        "0 0 0",
        "1 1 1",
        "4 3 2",
        "1 2 3 4",
        "-1 1 1",
        "40 36 0",
        "1000000 1000000 1000000",
        "a" * 5000,
        "\0",
        "ü",
        "\x1b[2J",
    ),
    *("1 0 0 0 1 0 0 0 1", "1 0 0 0.3 1 0 0 0 1", "0 0 0 0 0 0 0 0 0", "(1,0,0) (0,1,0) (0,0,0)", "none", "???"),
]
_NUMBERS = [0, 1, -1, 2, 3, 4, 7, 8, 100, 255, 348, 352, 540, 32767, -32768, 2**31 - 1, -(2**31)]
_FLOATS = [0.0, 1.0, -1.0, 1e-30, 1e30, 1e39, float("nan"), float("inf"), 352.0, 353.0, 352.5, 0.01, 1000.0]


def mutate_case(input_dir: Path, seed: int) -> str:
    """Make one to three changes to the input of a case in place, and return them in words."""
    draw = random.Random(seed)
    changes = []
    for _ in range(draw.choice([1, 2, 3])):
        if any(each.is_file() for each in input_dir.rglob("*.*")):
            changes.append(_change(input_dir, draw))
    return "; ".join(changes)


def _change(input_dir: Path, draw: random.Random) -> str:
    path = draw.choice(sorted(each for each in input_dir.rglob("*.*") if each.is_file()))
    if path.suffix == ".json":
        path.write_bytes(_bytes_changed(path.read_bytes(), draw))
        return f"{path.name}: bytes"
    changes: tuple[Callable[[Path, random.Random], str], ...] = (_header, _header, _header, _bytes, _voxels, _file)
    if path.is_symlink() or not path.name.endswith((".mha", ".nii.gz", ".nrrd")):
        return "nothing"
    return f"{path.parent.name}: {draw.choice(changes)(_in_format(path, draw), draw)}"


def _in_format(path: Path, draw: random.Random) -> Path:
    """Write an image anew in one of the mounted formats, and return its file; one that was changed before stays."""
    try:
        image = read_volume(path, title="image")
    except InputError:
        return path
    if draw.random() < 0.3:
        image = sitk.Cast(image, draw.choice([sitk.sitkUInt8, sitk.sitkInt16, sitk.sitkFloat32, sitk.sitkFloat64]))
    path.unlink()
    written = path.with_suffix("").with_suffix(draw.choice([".mha", ".mha", ".nii.gz", ".nrrd"]))
    sitk.WriteImage(image, str(written), draw.random() < 0.6)
    return written


def _header(path: Path, draw: random.Random) -> str:
    content = path.read_bytes()
    if path.name.endswith(".nii.gz"):
        try:
            head = bytearray(gzip.decompress(content))
        except (OSError, EOFError, zlib.error):
            return _bytes(path, draw)
        offset = draw.randrange(0, 348, 2)
        form, values = draw.choice([("<h", _NUMBERS[:-2]), ("<i", _NUMBERS), ("<f", _FLOATS), ("B", range(256))])
        value = draw.choice(values)
        struct.pack_into(form, head, min(offset, 344), value)
        path.write_bytes(gzip.compress(bytes(head), 1))
        return f"{form} at {offset} is {value}"
    if (at := _end_of_text(content)) is None:
        return _bytes(path, draw)
    lines = content[:at].decode("latin-1").split("\n")
    number = draw.randrange(max(1, len(lines) - 1))
    kind = draw.choice(["value", "value", "value", "drop", "double", "swap", "junk", "crlf", "key"])
    what = _lines_changed(lines, number, kind, draw)
    path.write_bytes("\n".join(lines).encode("latin-1", "replace") + content[at:])
    return f"{kind}: {what!r}"[:120]


def _lines_changed(lines: list[str], number: int, kind: str, draw: random.Random) -> str:
    """Change the lines of a header in place, and return the changed line."""
    separator = " = " if " = " in lines[number] else ": "
    name = lines[number].split(separator)[0]
    if kind == "drop":
        return lines.pop(number)
    if kind == "double":
        lines.insert(number, lines[number])
    elif kind == "swap":
        other = draw.randrange(len(lines) - 1)
        lines[number], lines[other] = lines[other], lines[number]
    elif kind == "junk":
        lines.insert(number, draw.choice([*_JUNK, "Comment = " + "c" * 400, f"{name}{separator}{draw.choice(_JUNK)}"]))
    elif kind == "crlf":
        lines[:] = [f"{line}\r" for line in lines[:-1]] + lines[-1:]
    elif kind == "key":
        lines[number] = lines[number].replace(name, draw.choice([name.lower(), name.upper(), name * 100, f" {name}"]))
    else:
        lines[number] = f"{name}{separator}{draw.choice(_JUNK)}"
    return lines[number]


def _end_of_text(content: bytes) -> int | None:
    """Return the offset of the voxels after a MetaImage's or NRRD's header; None where it has lost its end."""
    key = b"NRRD" if content.startswith(b"NRRD") else b"ElementDataFile"
    end = content.find(b"\n\n" if key == b"NRRD" else b"\n", max(0, content.find(key)))
    return None if key not in content or end < 0 else end + (2 if key == b"NRRD" else 1)


def _bytes(path: Path, draw: random.Random) -> str:
    path.write_bytes(_bytes_changed(path.read_bytes(), draw))
    return "bytes"


def _bytes_changed(content: bytes, draw: random.Random) -> bytes:
    changed = bytearray(content)
    kind = draw.randrange(5)
    place = draw.randrange(max(1, len(changed)))
    if kind == 0:
        del changed[place:]
    elif kind == 1:
        changed += draw.randbytes(draw.choice([1, 4, 1000]))
    elif kind == 2:
        changed[place:place] = draw.randbytes(draw.choice([1, 2, 300]))
    elif kind == 3:
        del changed[place : place + draw.choice([1, 2, 300])]
    else:
        for _ in range(draw.choice([1, 1, 5, 100]) if changed else 0):
            changed[draw.randrange(len(changed))] = draw.randrange(256)
    return bytes(changed)


def _voxels(path: Path, draw: random.Random) -> str:
    """Change how the voxels are stored, behind a header that stays."""
    content = path.read_bytes()
    at = _end_of_text(content)
    if path.name.endswith(".nii.gz"):
        try:
            plain = gzip.decompress(content)
        except (OSError, EOFError, zlib.error):
            return _bytes(path, draw)
        cut = draw.randrange(max(1, len(plain)))
        kinds = {
            "two members": gzip.compress(plain[:cut], 1) + gzip.compress(plain[cut:], 1),
            "second member missing": gzip.compress(plain[:cut], 1),
            "zeros": gzip.compress(plain[:352] + bytes(20_000_000), 1),
            "plain": plain,
            "twice": gzip.compress(gzip.compress(plain, 1), 1),
        }
    elif at is None:
        return _bytes(path, draw)
    else:
        head, voxels = content[:at], content[at:]
        kinds = {
            "none": head,
            "zeros": head + zlib.compress(bytes(50_000_000), 1),
            "two streams": head + zlib.compress(voxels[:99]) + zlib.compress(voxels[99:]),
            "half": head + voxels[: len(voxels) // 2],
            "compressed": head.replace(b"CompressedData = False", b"CompressedData = True") + zlib.compress(voxels),
            "said to be compressed": head.replace(b"CompressedData = False", b"CompressedData = TRUE") + voxels,
            "said to be plain": head.replace(b"CompressedData = True", b"CompressedData = False") + voxels,
        }
    kind = draw.choice(list(kinds))
    path.write_bytes(kinds[kind])
    return f"voxels {kind}"


def _file(path: Path, draw: random.Random) -> str:
    """Put something else in the place of a file, or the file elsewhere."""
    folder = path.parent
    kinds: dict[str, Callable[[], object]] = {
        "missing": path.unlink,
        "folder missing": lambda: shutil.rmtree(folder),
        "a pipe": lambda: (path.unlink(), os.mkfifo(path)),
        "a folder": lambda: (path.unlink(), path.mkdir()),
        "a device": lambda: (path.unlink(), path.symlink_to("/dev/zero")),
        "a link out": lambda: (path.unlink(), path.symlink_to("/etc/passwd")),
        "a link to itself": lambda: (path.unlink(), path.symlink_to(path)),
        "not UTF-8": lambda: path.rename(folder / os.fsdecode(b"a\xff" + path.suffix.encode())),
        "control characters": lambda: path.rename(folder / f"a\x1b[2J\n{path.suffix}"),
        "hidden": lambda: path.rename(folder / f".{path.name}"),
        "capitals": lambda: path.rename(folder / path.name.upper()),
        "another suffix": lambda: path.rename(
            path.with_suffix(draw.choice([".mha", ".nrrd", ".tif", ".nii.gz", ".x"]))
        ),
        "two": lambda: shutil.copy(path, folder / f"b{path.name}"),
        "empty": lambda: path.write_bytes(b""),
        "a terabyte": lambda: os.truncate(path, 1 << 40),
        "inputs.json": lambda: (folder.parents[1] / "inputs.json").write_bytes(draw.choice(_INPUTS)),
    }
    kind = draw.choice(list(kinds))
    kinds[kind]()
    return kind


_INPUTS = [
    b"",
    b"[]",
    b"{}",
    b"[" * 100_000,
    b'[{"interface": 1}]',
    b'[{"interface": {"slug": "mid-rt-t2w-head-neck", "kind": "Image", "relative_path": "images/\\u0000"}}]',
    b'[{"interface": {"slug": "mid-rt-t2w-head-neck", "kind": "Image", "relative_path": "../../etc"}}]',
    b"\xff\xfe",
    b"null",
    b"1" * 10_000,
]
