"""Hostile and damaged DICOM: a sentence without what headers hold, in a moment, and nothing half-written."""

import random

import pytest
from pydicom import dcmread

from tests.support.dicom_case import box_on, write_structures_on_ct
from tests.support.dicom_series import AXIAL, write_series
from tests.support.dicom_study import series_files
from tests.support.planted_identifiers import PLANTED, with_planted_names
from tests.support.small_challenges import HECKTOR, RECURRENCE
from tests.support.volumes_for_dicom import ct_in_hu, pet_in_bq_ml

UNDEFINED = b"\xff\xff\xff\xff"


def cut(content):
    return content[: len(content) // 3]


def endless(content):
    """Return a file with a sequence that opens an item in an item, and never ends."""
    return content[:350] + (b"\x08\x00\x40\x11SQ\0\0" + UNDEFINED + b"\xfe\xff\x00\xe0" + UNDEFINED) * 5000


def flooded(content):
    """Return a file with millions of items of undefined length."""
    item = b"\xfe\xff\x00\xe0" + UNDEFINED + b"\xfe\xff\x0d\xe0\0\0\0\0"
    return content[:350] + b"\x08\x00\x40\x11SQ\0\0" + UNDEFINED + item * 1_000_000


def of_wrong_type(content):
    """Return a file whose rows are a text."""
    return content.replace(b"\x28\x00\x10\x00US\x02\x00", b"\x28\x00\x10\x00LO\x02\x00")


def without_spacing(content):
    place = content.index(b"\x28\x00\x30\x00DS") + 8
    length = int.from_bytes(content[place - 2 : place], "little")
    return content[:place] + b"0\\0".ljust(length) + content[place + length :]


def shuffled(content):
    rng, changed = random.Random(0), bytearray(content)
    for _ in range(200):
        changed[rng.randrange(132, len(changed))] = rng.randrange(256)
    return bytes(changed)


@pytest.fixture
def study(tmp_path):
    """Return a folder with a CT and a PET of nine slices, whose texts all name the patient."""
    together = {"study": "1.2.3", "frame": "1.2.4"}
    ct = series_files(ct_in_hu(AXIAL), "CT", number="2", **together)
    pet = series_files(pet_in_bq_ml(AXIAL), "PT", number="5", **together)
    write_series(tmp_path / "dicom" / "a" / "b", with_planted_names(ct))
    write_series(tmp_path / "dicom" / "c", with_planted_names(pet))
    return tmp_path / "dicom"


SPOILT = {
    "cut": cut,
    "endless": endless,
    "flooded": flooded,
    "wrong type": of_wrong_type,
    "zero spacing": without_spacing,
    "shuffled": shuffled,
    "empty": lambda _: b"",
    "preamble": lambda content: content[:140],
}
OF_IMAGES = ("wrong type", "zero spacing")


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_a_spoilt_slice_is_a_sentence_or_left_out(hnseg, study, tmp_path, spoil):
    places = {int(dcmread(path).InstanceNumber): path for path in (study / "a/b").iterdir()}
    for number in (5, 6):  # in the middle: that an emptied file at an end lacks, nothing tells
        places[number].write_bytes(spoil(places[number].read_bytes()))
    status, printed = hnseg("dicom", "list", study)
    told = printed.out + printed.err
    assert status == 0, told
    words = ["--output", tmp_path / "out", "--model", tmp_path / "none"]
    status, printed = hnseg("run", HECKTOR.container_dir, "--dicom", study, *words)
    told += printed.out + printed.err
    assert (status, len(printed.err.strip().splitlines())) == (1, 1), printed.err
    assert str(study) in printed.err  # refused for the files,
    assert str(tmp_path / "none") not in printed.err  # not for the model
    assert "Traceback" not in told
    assert not [name for name in PLANTED if name in told]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", [kind for kind in SPOILT if kind not in OF_IMAGES])
def test_a_spoilt_structure_set_is_a_sentence(hnseg, study, tmp_path, kind):
    write_structures_on_ct(study, {1: "GTV"}, label_map=box_on(AXIAL))
    path = study / "rs.dcm"
    path.write_bytes(SPOILT[kind](path.read_bytes()))
    words = ["--output", tmp_path / "out", "--model", tmp_path / "none"]
    status, printed = hnseg("run", RECURRENCE.container_dir, "--dicom", study, *words)
    told = printed.out + printed.err
    assert status == 1
    assert str(study) in printed.err
    assert str(tmp_path / "none") not in printed.err
    assert "Traceback" not in told
    assert not [name for name in PLANTED if name in told]
    assert not (tmp_path / "out").exists()
