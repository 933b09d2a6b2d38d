from pathlib import Path

import pytest

from hnseg.cohort.report.case_page import Links, as_case_page
from hnseg.cohort.state.store import CaseStore
from hnseg.inference.model.structure_range import StructureRange
from tests.support.made_up_cohort import FLAG, done, facts, failed, row

LINKS = Links("../../index.html", previous="../../p0/report/index.html")
EXPECTED = {
    "GTVp": StructureRange(cases=60, empty=3, volume_ml=(2, 8, 30.5), most_components=1, position_mm=None),
    "GTVn": StructureRange(cases=60, empty=60, volume_ml=None, most_components=0, position_mm=None),
}


def page(status, folder=Path("out"), expected=None):
    colours = {"GTVp": "#e69f00"}
    return as_case_page(row(status, folder), LINKS, CaseStore(folder), colours=colours, expected=expected or {})


def test_a_case_shows_measures_flags_notes_and_checksums():
    html = page(done(facts=facts(GTVp=8.25, GTVn=0.0, flags=[FLAG], notes=("The PET was resampled.",))))
    shown = (
        FLAG["sentence"], "The PET was resampled.", "8.25", "3, 12, 160", "2.50 GiB", "10.0 s", "node1", "ab" * 32,
        '<a href="../images/seg/output.mha">', "background:#e69f00", '<tr class="flagged">', "&#34;plans.json&#34;",
    )  # fmt: skip
    assert [text for text in shown if text not in html] == []


def test_it_links_to_the_cohort_and_to_its_neighbours():
    html = page(done())
    assert '<a href="../../index.html">' in html
    assert '<a href="../../p0/report/index.html" rel="prev">' in html
    assert 'rel="next"' not in html


def test_a_failed_case_shows_its_reason():
    html = page(failed(reason="The <T2w> is missing."))
    assert "The &lt;T2w&gt; is missing." in html
    assert "<h2>Structures</h2>" not in html


@pytest.mark.parametrize("name", ["overlay.png", "log.txt"])
def test_picture_and_log_are_shown_where_they_are(tmp_path, name):
    assert name not in page(done(), tmp_path)
    (tmp_path / "p1" / "report").mkdir(parents=True)
    (tmp_path / "p1" / "report" / name).write_bytes(b"")
    assert f'"{name}"' in page(done(), tmp_path)


def test_the_reason_for_no_picture_is_told():
    assert "Not drawn: The scan is damaged." in page(done(facts={"not_drawn": "The scan is damaged."}))


def test_the_ranges_of_the_training_data_stand_beside_the_measures():
    html = page(done(), expected=EXPECTED)
    assert "<td>2 to 30.5 ml, 1 piece at most, empty in 3 of 60</td>" in html
    assert "<td>empty in all 60 cases</td>" in html
    assert "In the training data" not in page(done())


def test_texts_of_other_origin_are_only_text():
    evil = "</pre><script>alert(1)</script>"
    html = page(done(evil, facts={"provenance": {"settings": evil, "notes": [evil]}, "not_drawn": evil}))
    assert html.count("<script") == 1  # ours, which its checksum in the policy permits
