"""The program that asks panimg, with a package of that name in its place; panimg itself is asked by
test_against_panimg.py.
"""

import json
import subprocess
import sys

import pytest

from hnseg.rehearsal.judging.importer import child


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """Ask a package `panimg` whose `convert` has this body about a folder, and return the one verdict."""
    package = tmp_path / "lib" / "panimg"
    (package / "image_builders").mkdir(parents=True)
    (package / "image_builders" / "__init__.py").touch()
    for name in ("metaio_mhd_mha", "tiff"):
        builder = f"image_builder_{name.removeprefix('metaio_').removesuffix('_mha')} = None\n"
        (package / "image_builders" / f"{name}.py").write_text(builder, encoding="ascii")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "lib"))

    def ask(body):
        program = f"from types import SimpleNamespace as N\ndef convert(**options):\n    {body}\n"
        (package / "__init__.py").write_text(program, encoding="ascii")
        command = [sys.executable, child.__file__, str(1 << 30), str(tmp_path)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        ((verdict, words),) = json.loads(done.stdout)
        return verdict, words

    return ask


@pytest.mark.parametrize(
    ("images", "verdict"),
    [
        ("[]", "no image"),
        ("[N(segments=None)]", "no segments"),
        ("[N(segments={0, 1})]", "a segmentation"),
        ("[1, 2]", "several images"),
    ],
)
def test_the_images_decide(asked, images, verdict):
    assert asked(f"print('noise'); return N(new_images={images}, file_errors={{}})") == (verdict, "")


def test_files_that_nothing_was_taken_from_are_named(asked):
    body = "from pathlib import Path; return N(new_images=[], file_errors={Path('x/a.mha'): ['Not an ITK file']})"
    assert asked(body) == ("no image", "a.mha: Not an ITK file")


def test_whatever_it_raises_is_a_verdict(asked):
    assert asked("raise NotImplementedError('5-D')") == ("an error", "NotImplementedError: 5-D")


def test_its_memory_is_limited(asked):
    verdict, words = asked("bytearray(2 << 30)")
    assert verdict == "an error"
    assert words.startswith("MemoryError")
