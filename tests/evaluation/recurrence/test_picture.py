"""Pictures of a comparison."""

import io

import pytest
from PIL import Image

from hnseg.errors import InputError
from hnseg.evaluation.picture_file import LINE_COLOURS
from hnseg.evaluation.recurrence.comparison import compare
from hnseg.evaluation.recurrence.methods import Method, find_cohort
from hnseg.evaluation.recurrence.picture import captures_png, draw_captures

COLOURS = dict(zip(("net", "all", "first", "none"), LINE_COLOURS, strict=False))


def test_the_picture_names_curves_points_and_the_best_percentage(comparison, tmp_path):
    for path in (tmp_path / "one.svg", tmp_path / "two.svg"):
        draw_captures(comparison, path, COLOURS)
    text = (tmp_path / "one.svg").read_text()
    for words in ("net, any threshold", "SUVmax, 1 to 100 %", "eroded core", "mean DSC, largest at 11 % of SUVmax"):
        assert words in text
    assert text == (tmp_path / "two.svg").read_text()


def test_without_a_sweep_there_is_one_row(root, comparison):
    alone = compare(find_cohort([Method("all", root / "all")], root / "references"), core="ultimate", options={})
    heights = [Image.open(io.BytesIO(captures_png(one, COLOURS))).height for one in (comparison, alone)]
    assert heights[0] == 2 * heights[1]


def test_another_suffix_is_refused(comparison, tmp_path):
    with pytest.raises(InputError, match=r"must end in .png or .svg"):
        draw_captures(comparison, tmp_path / "curve.pdf", COLOURS)
