"""Inputs after public reports and a search for hostile files, one of each kind, through the commands of a user.

The ids are the names in the table of `docs/robustness.md`, which says where each comes from.
"""

import gzip
import os
import re
import struct
import subprocess
import sys
import zlib
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
import typer
from typer.testing import CliRunner

from containers.hecktor.spec import PET
from containers.hnts_mrg.spec import MID_T2W, REGISTERED_MASK, REGISTERED_T2W
from hnseg.cli import run
from hnseg.inference.model.weights import read_checkpoint
from tests.fuzz.cases import image_of, write_good
from tests.fuzz.formats import metaimage, nifti, tiff
from tests.fuzz.volumes import Volume, good_cases
from tests.support.small_case import files_below
from tests.support.small_challenges import HECKTOR, HNTS_MRG

HNSEG = Path(sys.executable).parent / "hnseg"
PAGE = Path(__file__).parents[1] / "docs" / "robustness.md"
HNTS, _, HECK = good_cases()
T2W = HNTS.volumes[MID_T2W]


class Case:
    """Good case whose files can be exchanged, and the run of its container's program on it."""

    def __init__(self, good, small, model, folder):
        self.good, self.small, self.model, self.folder = good, small, model, folder
        write_good(good, folder / "input")
        (folder / "output").mkdir()

    def put(self, content, name="image.mha", slug=MID_T2W):
        path = image_of(self.good, slug, self.folder / "input")
        path.unlink()
        path.with_name(name).write_bytes(content)

    def run(self):
        app = typer.Typer()
        app.command()(run.command)
        folders = {"--input": self.folder / "input", "--output": self.folder / "output", "--model": self.model}
        words = [str(word) for pair in folders.items() for word in pair]
        done = CliRunner().invoke(app, [str(self.small.container_dir), *words, "--device", "cpu", "--limit-s", "1e9"])
        assert "Traceback" not in done.stderr
        return done

    def assert_refused(self, reason):
        done = self.run()
        assert done.exit_code == 1, done.stdout
        assert re.search(reason, done.stderr.splitlines()[-1]), done.stderr
        assert files_below(self.folder / "output") == []

    def assert_read(self):
        done = self.run()
        assert (done.exit_code, done.stderr) == (0, "")
        assert files_below(self.folder / "output") == self.small.output_files
        return done.stdout


@pytest.fixture
def hnts(tmp_path, model_dir):
    return Case(HNTS, HNTS_MRG, model_dir, tmp_path)


@pytest.fixture
def hecktor(tmp_path, quick_model):
    return Case(HECK, HECKTOR, quick_model(HECKTOR), tmp_path)


def hnseg(*words):
    """Return the last line of a command, which must refuse."""
    done = subprocess.run([HNSEG, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    return done.stderr.splitlines()[-1]


def fields(**changed):
    """Return the T2w's uncompressed MetaImage with some fields changed."""
    changed_fields = [(name, changed.get(name, value)) for name, value in metaimage.fields_of(T2W)]
    return metaimage.joined(changed_fields, T2W.array.tobytes())


def test_cut_nifti(tmp_path, model_dir):
    image = tmp_path / "t2w.nii"
    image.write_bytes(nifti.encoded(T2W, compress=False)[:1000])
    said = hnseg("predict", model_dir, image, image, "--output", tmp_path / "labels.mha")
    assert re.search(r"t2w\.nii can't be read as one: it holds 648 of the 3072 bytes of its voxels\.", said)
    assert not (tmp_path / "labels.mha").exists()


def test_damage_after_a_long_header(hnts):
    whole = metaimage.encoded(T2W)
    tags = b"".join(b"Tag%d = %s\n" % (number, b"v" * 60) for number in range(1200))
    damaged = bytearray(whole.replace(b"ElementDataFile", tags + b"ElementDataFile"))
    damaged[-100] ^= 0xFF
    hnts.put(bytes(damaged))
    hnts.assert_refused(r"image\.mha can't be read as one: its compressed voxels can't be inflated")


def test_name_not_utf_8(hnts):
    hnts.put(metaimage.encoded(T2W), os.fsdecode(b"image\xe9.mha"))
    hnts.assert_refused(r"must have a name in UTF-8, but \S+image\\udce9\.mha is not\. Was it made on another system\?")


def test_broken_image_that_is_not_used(hnts):
    hnts.put(b"no image", slug=REGISTERED_T2W)
    hnts.assert_read()


def test_output_that_is_the_input(tmp_path, model_dir):
    image = tmp_path / "t2w.mha"
    image.write_bytes(metaimage.encoded(T2W))
    before = image.read_bytes()
    said = hnseg("predict", model_dir, image, image, "--output", image)
    assert re.match(r"--output must not replace an input, but \S+t2w\.mha is read\.", said)
    assert image.read_bytes() == before


def test_decimal_comma(tmp_path):
    table = tmp_path / "scores.csv"
    rows = [f"{team},c{case},GTVp,dsc,0,{case}5" for team in "AB" for case in range(4)]
    table.write_text("\n".join(["team,case,structure,metric,value", *rows]))
    assert re.search(r"scores\.csv", hnseg("rank", table, "--bootstrap", "0"))


def test_suffix_in_capitals(hnts):
    hnts.put(nifti.encoded(T2W), "IMAGE.NII.GZ")
    hnts.assert_read()


def test_sheared_nifti(hnts):
    sheared = nifti.fields_of(T2W, 1)
    sheared["srow"][1] += 0.3
    sheared["pixdim"][2] = float(np.linalg.norm(sheared["srow"][1::4]))
    hnts.put(gzip.compress(nifti.header(sheared, 1) + T2W.array.tobytes()), "image.nii.gz")
    hnts.assert_refused(r"image\.nii\.gz.*(orthonormal|at right angles)")


@pytest.mark.parametrize("value", [2500, -1e6])
def test_hot_voxel_in_a_pet(hecktor, value):
    pet = HECK.volumes[PET]
    array = pet.array.copy()
    array[1, 1, 1] = value
    hecktor.put(metaimage.encoded(Volume(array, pet.spacing, pet.origin, pet.direction)), slug=PET)
    assert '"pet": {"used": true' in hecktor.assert_read()


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("DimSize", "16 16 0", "and each must be over 0"),
        ("ElementSpacing", "0 1 2", "must have a spacing of 0.01 to 100 mm"),
        ("Offset", "nan 5.3 7.7", "its Offset is nan 5.3 7.7, which is not finite"),
        ("TransformMatrix", "1 0 0 0.3 1 0 0 0 1", "must have axes of length 1 at right angles"),
        ("TransformMatrix", "2 0 0 0 1 0 0 0 1", "must have axes of length 1 at right angles"),
    ],
)
def test_impossible_header(hnts, name, value, reason):
    hnts.put(fields(**{name: value}))
    hnts.assert_refused(re.escape(reason))


def test_checkpoint_in_the_older_torch_format(tmp_path):
    content = {
        "network_weights": OrderedDict(a=torch.zeros(2)),
        "init_args": {"configuration": "3d_fullres"},
        "inference_allowed_mirroring_axes": (0, 1, 2),
    }
    torch.save(content, tmp_path / "checkpoint_final.pth", _use_new_zipfile_serialization=False)
    checkpoint = read_checkpoint(tmp_path / "checkpoint_final.pth")
    assert checkpoint.configuration == "3d_fullres"


def compressed(stored, *, size=None):
    """Return the T2w's header with other compressed bytes after it, and perhaps another CompressedDataSize."""
    return metaimage.joined(metaimage.fields_of(T2W, compressed_bytes=size or len(stored)), stored)


def test_compressed_garbage(hnts):
    hnts.put(compressed(np.random.default_rng(1).bytes(500)))
    hnts.assert_refused("its compressed voxels can't be inflated")


def test_half_of_the_compressed_size(hnts):
    stored = zlib.compress(T2W.array.tobytes())
    hnts.put(compressed(stored, size=len(stored) // 2))
    hnts.assert_refused(rf"its CompressedDataSize is {len(stored) // 2}, but {len(stored)} bytes follow its header")


def test_voxels_in_another_file(hnts, tmp_path):
    (tmp_path / "secret.raw").write_bytes(T2W.array.tobytes())
    hnts.put(fields(ElementDataFile="../../../secret.raw"))
    hnts.assert_refused(r"its ElementDataFile is '\.\./\.\./\.\./secret\.raw': its voxels must lie in the file itself")


def test_values_that_float32_can_not_hold(hnts):
    array = T2W.array.astype(np.float64)
    array[2, 3, 4] = 1e300
    hnts.put(metaimage.encoded(Volume(array, T2W.spacing, T2W.origin, T2W.direction)))
    hnts.assert_refused("must hold finite numbers once it is normalised in 32-bit floats|1e\\+300")


def test_print_format_for_a_file_name(hnts):
    hnts.put(fields(ElementDataFile="%s%s%s%n 1 6 1"))
    hnts.assert_refused("its voxels must lie in the file itself, LOCAL")


def test_commas_and_blanks_without_end_in_json(hecktor):
    (hecktor.folder / "input" / "ehr.json").write_text("[" + "," + " " * 200_000 + "," * 200_000)
    assert "health record must be JSON" in hecktor.assert_read()


def test_array_as_voxel_type(hnts):
    mask = HNTS.volumes[REGISTERED_MASK]
    changed = [
        (name, "MET_CHAR_ARRAY" if name == "ElementType" else value) for name, value in metaimage.fields_of(mask)
    ]
    hnts.put(metaimage.joined(changed, mask.array.tobytes()), slug=REGISTERED_MASK)
    hnts.assert_refused("its ElementType is 'MET_CHAR_ARRAY', not that of a number")


def test_hundred_dimensions(hnts):
    hnts.put(fields(NDims="100"))
    hnts.assert_refused("its NDims is 100, not 2 to 4")


def test_missing_second_gzip_member(hnts):
    whole = nifti.encoded(T2W, compress=False)
    hnts.put(gzip.compress(whole[:1500]), "image.nii.gz")
    hnts.assert_refused("it holds 1148 of the 3072 bytes of its voxels")


def test_too_few_voxels_in_a_whole_gzip_member(hnts):
    taller = nifti.fields_of(T2W, 1)
    taller["dim"][3] = 60
    whole = nifti.header(taller, 1) + T2W.array.tobytes()
    hnts.put(gzip.compress(whole), "image.nii.gz")
    hnts.assert_refused("it holds 3072 of the 30720 bytes of its voxels")


def test_size_zero(hnts):
    hnts.put(fields(DimSize="16 16 0"))
    hnts.assert_refused(r"its size is \(16, 16, 0\), and each must be over 0")


def test_circle_of_pages_in_a_tiff(hnts):
    whole = tiff.encoded(T2W)
    hnts.put(whole[:-4] + struct.pack("<I", struct.unpack_from("<I", whole, 4)[0]), "image.tif")
    hnts.assert_refused(r"image\.tif is a TIFF, which has neither\. Can it be had as MetaImage \(\.mha\)\?")


def test_the_page_names_these_tests_and_no_others():
    named = re.findall(r"`(test_\w+)`", PAGE.read_text(encoding="utf-8"))
    here = {name for name in vars(sys.modules[__name__]) if name.startswith("test_")}
    assert set(named) | {"test_the_page_names_these_tests_and_no_others"} == here
    assert len(named) == len(set(named))
