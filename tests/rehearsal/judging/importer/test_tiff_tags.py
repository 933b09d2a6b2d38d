"""Tags of TIFFs made byte by byte; what panimg makes of them stands in test_against_panimg.py."""

import struct

import pytest

from hnseg.rehearsal.judging.importer.tiff_tags import first_page_tags, is_imported, segments_of
from tests.support.odd_outputs import tiff


@pytest.fixture
def tags_of(tmp_path):
    def read(content):
        (tmp_path / "a.tif").write_bytes(content)
        return first_page_tags(tmp_path / "a.tif")

    return read


@pytest.mark.parametrize("order", ["<", ">"])
def test_numbers_and_fractions_are_read_in_either_byte_order(tags_of, order):
    tags = tags_of(tiff(order=order, extremes=(1, 2)))
    assert (tags[256], tags[257], tags[282], tags[280], tags[281]) == ((4,), (3,), (10, 1), (1,), (2,))


def test_a_big_tiff_is_read_like_a_classic_one(tags_of):
    entry = struct.pack("<HHQQ", 256, 3, 1, 7)
    assert tags_of(b"II" + struct.pack("<HHHQQ", 43, 8, 0, 16, 1) + entry) == {256: (7,)}


@pytest.mark.parametrize("length", [0, 4, 8, 9, 30])
def test_a_cut_file_has_no_tags_or_fewer(tags_of, length):
    assert len(tags_of(tiff()[:length])) < len(tags_of(tiff()))
    assert not is_imported(tags_of(tiff()[:length]))


@pytest.mark.parametrize(
    ("changed", "is_taken"),
    [
        ({}, True),
        ({"unit": 2}, True),
        ({"photometric": 6, "samples": 3}, True),
        ({"unit": 1}, False),
        ({"unit": None}, False),
        ({"photometric": 0}, False),
        ({"resolution": None}, False),
        ({"resolution": (0, 1)}, False),
        ({"resolution": (1, 0)}, False),
    ],
)
def test_an_image_needs_a_resolution_and_known_colours(tags_of, changed, is_taken):
    assert is_imported(tags_of(tiff(**changed))) is is_taken


@pytest.mark.parametrize(
    ("changed", "segments"),
    [
        ({"extremes": (1, 3)}, {1, 2, 3}),
        ({"extremes": (1, 64)}, set(range(1, 65))),
        ({"extremes": (1, 65)}, None),
        ({"extremes": (0, 2)}, None),
        ({"extremes": None}, None),
        ({"extremes": (1, 2), "samples": 3}, None),
        ({"extremes": (1, 2), "sample_format": 3}, None),
        ({"extremes": (1, 2), "sample_format": 2}, {1, 2}),
    ],
)
def test_segments_are_those_from_the_smallest_to_the_largest_value(tags_of, changed, segments):
    assert segments_of(tags_of(tiff(**changed)), most=64) == segments
