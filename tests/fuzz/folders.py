"""Input folders that hold something else than one regular file for each image."""

from __future__ import annotations

import os
import random
import shutil
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_NAMES = (
    *("a b.mha", "\u00e9\u4e2d.mha", "new\nline.mha", "-rf.mha", "%s%n.mha", "'\"$(id).mha", "." * 9 + ".mha", "A.MHA"),
    *(
        "scan.mha.mha",
        "scan..mha",
        "\u202e.mha",
        "tab\t.mha",
        "x" * 251 + ".mha",
        "scan.mha ",
        "scan.MhA",
        "*.mha",
        "[a].mha",
    ),
)
_OTHER_SUFFIXES = (
    ".nii",
    ".nii.gz",
    ".nrrd",
    ".tif",
    ".tiff",
    ".mhd",
    ".nhdr",
    ".hdr",
    ".img",
    ".dcm",
    ".png",
    ".gz",
    "",
)

Change = Callable[[random.Random, Path, Path], None]
"""Change of an input folder, around one image file in it."""


def change_folder(rng: random.Random, input_dir: Path, image: Path) -> None:
    """Change an input folder in one way, around the file of one image."""
    changes: tuple[Change, ...] = (
        *(
            _rename,
            _rename,
            _rename_to_bytes,
            _other_suffix,
            _other_suffix,
            _double,
            _hide,
            _nest,
            _remove,
            _remove_folder,
        ),
        *(_link, _link_out, _link_to_device, _link_to_itself, _link_to_nothing, _link_folder, _link_input),
        *(_pipe, _socket, _folder_as_file, _file_as_folder, _empty, _sparse, _forbid, _special_record, _superfluous),
    )
    rng.choice(changes)(rng, input_dir, image)


def _rename(rng: random.Random, _: Path, image: Path) -> None:
    image.rename(image.with_name(rng.choice(_NAMES)))


def _rename_to_bytes(rng: random.Random, _: Path, image: Path) -> None:
    name = bytes(rng.choice((0xE9, 0xFF, 0x80)) for _ in range(3)) + b".mha"
    image.rename(image.with_name(os.fsdecode(name)))


def _other_suffix(rng: random.Random, _: Path, image: Path) -> None:
    image.rename(image.with_name(f"image{rng.choice(_OTHER_SUFFIXES)}"))


def _double(rng: random.Random, _: Path, image: Path) -> None:
    shutil.copy(
        image, image.with_name(rng.choice(("other.mha", "other.nii.gz", "OTHER.MHA", "other.txt", ".other.mha")))
    )


def _hide(_rng: random.Random, _: Path, image: Path) -> None:
    image.rename(image.with_name(f".{image.name}"))


def _nest(_rng: random.Random, _: Path, image: Path) -> None:
    (image.parent / "inner").mkdir()
    image.rename(image.parent / "inner" / image.name)


def _remove(_rng: random.Random, _: Path, image: Path) -> None:
    image.unlink()


def _remove_folder(_rng: random.Random, _: Path, image: Path) -> None:
    shutil.rmtree(image.parent)


def _replace(image: Path, target: Path | str) -> None:
    image.unlink()
    image.symlink_to(target)


def _link(_rng: random.Random, _: Path, image: Path) -> None:
    kept = image.parent / "kept"
    image.rename(kept)
    image.symlink_to("kept")


def _link_out(rng: random.Random, input_dir: Path, image: Path) -> None:
    outside = input_dir.parent / "outside.mha"
    shutil.copy(image, outside)
    _replace(image, rng.choice((outside, f"../../../{outside.name}")))


def _link_to_device(rng: random.Random, _: Path, image: Path) -> None:
    _replace(
        image, rng.choice(("/dev/zero", "/dev/null", "/dev/random", "/dev/stdin", "/proc/self/environ", "/etc/passwd"))
    )


def _link_to_itself(_rng: random.Random, _: Path, image: Path) -> None:
    _replace(image, image.name)


def _link_to_nothing(_rng: random.Random, _: Path, image: Path) -> None:
    _replace(image, "nothing.mha")


def _link_folder(rng: random.Random, input_dir: Path, image: Path) -> None:
    elsewhere = rng.choice((input_dir / "elsewhere", input_dir.parent / "elsewhere"))
    shutil.move(image.parent, elsewhere)
    image.parent.symlink_to(elsewhere)


def _link_input(_rng: random.Random, input_dir: Path, _: Path) -> None:
    shutil.move(input_dir, input_dir.with_name("real"))
    input_dir.symlink_to("real")


def _pipe(_rng: random.Random, _: Path, image: Path) -> None:
    image.unlink()
    os.mkfifo(image)


def _socket(_rng: random.Random, _: Path, image: Path) -> None:
    image.unlink()
    at = Path.cwd()
    os.chdir(image.parent)  # the address of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(image.name)
    finally:
        os.chdir(at)


def _folder_as_file(_rng: random.Random, _: Path, image: Path) -> None:
    image.unlink()
    image.mkdir()


def _file_as_folder(_rng: random.Random, input_dir: Path, image: Path) -> None:
    kept = input_dir / "kept"
    image.rename(kept)
    image.parent.rmdir()
    kept.rename(image.parent)


def _empty(_rng: random.Random, _: Path, image: Path) -> None:
    image.write_bytes(b"")


def _sparse(rng: random.Random, _: Path, image: Path) -> None:
    os.truncate(image, rng.choice((1 << 20, 1 << 32)))


def _forbid(rng: random.Random, _: Path, image: Path) -> None:
    rng.choice((image, image.parent)).chmod(0o000)


def _special_record(rng: random.Random, input_dir: Path, _: Path) -> None:
    """Put a folder, a pipe, a broken link or an endless file where a JSON file is expected."""
    path = input_dir / rng.choice(("inputs.json", "ehr.json"))
    path.unlink(missing_ok=True)
    how = rng.randrange(5)
    if how == 0:
        path.mkdir()
    elif how == 1:
        os.mkfifo(path)
    else:
        path.symlink_to(("nothing", "/dev/zero", path.name)[how - 2])


def _superfluous(rng: random.Random, input_dir: Path, image: Path) -> None:
    for name in ("images/other/a.mha", "other.json", "images/x.mha", ".hidden", "output/images/x.mha"):
        with suppress(OSError):
            (input_dir / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(image, input_dir / name)
    (input_dir / "n").mkdir()
    for number in range(rng.choice((0, 500))):
        (input_dir / "n" / str(number)).touch()
