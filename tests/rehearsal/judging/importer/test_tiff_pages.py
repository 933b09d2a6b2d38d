"""Pages of TIFF files, on files that SimpleITK wrote and on ones made byte by byte."""

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.rehearsal.judging.importer.tiff_pages import pages_are_whole


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "a.tif"
    noise = np.random.default_rng(0).integers(0, 1000, (6, 30, 20)).astype(np.int16)
    sitk.WriteImage(sitk.GetImageFromArray(noise), str(path))
    return path


def test_a_whole_tiff_is_whole(written):
    assert pages_are_whole(written)


@pytest.mark.parametrize("kept", [0.5, 0.9, 0.98])
def test_a_cut_tiff_is_not(written, kept):
    whole = written.read_bytes()
    written.write_bytes(whole[: int(kept * len(whole))])
    assert not pages_are_whole(written)


def test_a_file_that_is_no_tiff_is_left_to_the_reader(tmp_path):
    (tmp_path / "a.tif").write_bytes(b"not an image")
    assert pages_are_whole(tmp_path / "a.tif")


def test_a_big_tiff_is_followed_like_a_classic_one(tmp_path):
    # Header (order, 43, 8-byte offsets), then one directory at 16 with no entries and no successor.
    head = b"II" + (43).to_bytes(2, "little") + (8).to_bytes(2, "little") + bytes(2) + (16).to_bytes(8, "little")
    (tmp_path / "whole.tif").write_bytes(head + bytes(8) + bytes(8))
    (tmp_path / "cut.tif").write_bytes(head + bytes(8) + bytes(7))
    assert pages_are_whole(tmp_path / "whole.tif")
    assert not pages_are_whole(tmp_path / "cut.tif")


def test_pages_that_form_a_ring_are_not_whole(tmp_path):
    # Header, then one directory at 8 with no entries whose successor is itself.
    ring = b"MM" + (42).to_bytes(2, "big") + (8).to_bytes(4, "big") + bytes(2) + (8).to_bytes(4, "big")
    (tmp_path / "a.tif").write_bytes(ring)
    assert not pages_are_whole(tmp_path / "a.tif")
