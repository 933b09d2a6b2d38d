"""Promise of a header: sizes that an image may have, and the bytes that it owes."""

from pathlib import Path

import pytest

from hnseg.errors import HeaderError
from hnseg.imaging.files.header import Header, Stored, check_ascii, check_finite, check_size


def test_the_bytes_owed_are_those_of_all_numbers_of_all_voxels():
    assert Header("MetaImageIO", (4, 3, 2), 3, "float64", Stored(Path("a.mha"), 0)).owed == 4 * 3 * 2 * 3 * 8


@pytest.mark.parametrize("size", [(4, 3), (4, 3, 2), (1, 1, 1), (4, 3, 2, 5)])
def test_sizes_of_images_pass(size):
    check_size(size)


@pytest.mark.parametrize("size", [(), (4,), (4, 3, 2, 5, 6), (4, 3, 0), (4, -3, 2)])
def test_other_sizes_are_refused(size):
    with pytest.raises(HeaderError):
        check_size(size)


def test_numbers_that_are_not_finite_are_named():
    check_finite("Offset", (1.0, -2.0))
    with pytest.raises(HeaderError, match="its Offset is 1 nan, which is not finite"):
        check_finite("Offset", (1.0, float("nan")))


def test_blanks_that_only_python_knows_are_refused():
    check_ascii("Offset", "1 2\t-3.5e2")
    with pytest.raises(HeaderError, match="its Offset is '1\\\\xa02', which has characters that are not of ASCII"):
        check_ascii("Offset", "1\xa02")
