from pathlib import Path

import pytest
from matplotlib.figure import Figure

from hnseg.errors import InputError
from hnseg.evaluation.picture_file import as_png, check_format, write_picture


@pytest.mark.parametrize("name", ["a.png", "A.PNG", "a.svg"])
def test_known_formats_pass(name):
    check_format(Path(name))


def test_another_format_is_refused():
    with pytest.raises(InputError, match=r"must end in \.png or \.svg, found 'a\.pdf'"):
        check_format(Path("a.pdf"))


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_the_same_figure_gives_the_same_bytes(tmp_path, suffix):
    for name in ("one", "two"):
        figure = Figure()
        figure.subplots().set_title("a word to search for")
        write_picture(figure, tmp_path / f"{name}.{suffix}")
    one, two = ((tmp_path / f"{name}.{suffix}").read_bytes() for name in ("one", "two"))
    assert one == two
    assert suffix == "png" or b"a word to search for" in one


def test_a_png_in_memory_is_that_of_the_file(tmp_path):
    figure = Figure()
    figure.subplots().plot([0, 1])
    write_picture(figure, tmp_path / "one.png")
    assert as_png(figure) == (tmp_path / "one.png").read_bytes()
