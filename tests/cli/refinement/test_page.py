"""Table and page of a refinement."""

from hnseg.cli.refinement.page import as_page, changes_table
from hnseg.imaging.prompts.click import Click
from hnseg.refinement.change import Change, StructureChange

STRUCTURES = {"GTVp": StructureChange(1.0, 2.5, 1.75, 0.25), "GTVn": StructureChange(0.5, 0.5, 0.0, 0.0)}
CHANGES = (
    Change(Click("GTVp", True, (1.0, -2.25, 3.0)), STRUCTURES, 20, 5, 0.125, True, 0.5, 1.25),
    Change(Click("GTVn", False, (4.0, 5.0, 6.0)), STRUCTURES, 0, 0, 0.0, False, 0.5, 0.75),
)


def test_the_table_has_a_row_a_click():
    table = changes_table(CHANGES)
    assert table.headings == ("click", "at, LPS mm", "GTVp, ml", "GTVn, ml", "held back, ml", "followed", "s")
    assert table.rows[0] == (
        "1 GTVp", "1.0, -2.2, 3.0", "2.50 (+1.75 -0.25)", "0.50 (+0.00 -0.00)", "0.12", "yes", "1.25",
    )  # fmt: skip
    assert table.rows[1][0] == "2 not GTVn"
    assert table.rows[1][-2] == "no"
    assert changes_table(()).rows == ()


def test_the_page_has_a_picture_a_click_and_escapes_names():
    page = as_page(CHANGES, (b"one", b"two"), name_of_model="<b>model</b>")
    assert page.count("data:image/png;base64,") == 2
    assert "data:image/png;base64,b25l" in page
    assert "&lt;b&gt;model&lt;/b&gt;" in page
    assert "#e69f00" in page
    assert "<h2>2 not GTVn at 4.0, 5.0, 6.0 mm</h2>" in page
    assert "Refinement by 0 clicks" in as_page((), (), name_of_model="m")
