from datetime import datetime, timezone

import pytest

from containers.hecktor.spec import SPEC
from hnseg.cohort.finding.find import find_cohort
from hnseg.cohort.finding.listing import listing, summary
from hnseg.cohort.state.status import CaseStatus
from tests.support.cohort_files import touch


@pytest.fixture
def found(tmp_path):
    touch(tmp_path, "a/images/ct/x.mha", "a/images/pet/x.mha", "a/ehr.json", "b/images/ct/x.mha", "c/images/pet/x.mha")
    touch(tmp_path, "notes.txt", "others/x.txt")
    return find_cohort(tmp_path, SPEC)


def test_a_row_a_case_says_what_is_there(found):
    table = listing(found, SPEC)
    assert table.headings == ("case", "ct-image", "pet-image", "electronic-health-record", "problem")
    assert table.rows[0] == ("a", "found", "found", "found", "")
    assert table.rows[1] == ("b", "found", "none", "none", "")
    assert table.rows[2][:4] == ("c", "missing", "found", "none")
    assert "Exactly one image, the CT, must lie in" in table.rows[2][4]


def test_what_was_done_already_is_a_column(found):
    failed = CaseStatus(
        case="b", status="failed", seconds=1, ended=datetime.now(timezone.utc), work_sha256="", inputs={}
    )
    table = listing(found, SPEC, {"b": failed}.get)
    assert table.headings[-2:] == ("status", "problem")
    assert [row[-2] for row in table.rows] == ["new", "failed", "new"]


def test_the_summary_counts(found):
    assert summary(found, SPEC) == (
        "3 cases, found as case folders; 2 with the PET; 1 with the electronic health record; 1 with a problem;"
        " 2 files or folders belong to no case (notes.txt, others)."
    )


def test_one_case_is_one(tmp_path):
    touch(tmp_path, "a/images/ct/x.mha")
    assert summary(find_cohort(tmp_path, SPEC), SPEC).startswith("1 case, found as case folders; 0 with the PET;")
