import csv
import io

import pytest

from hnseg.cohort.report.csv_file import as_csv
from tests.support.made_up_cohort import FLAG, done, facts, failed, row


def rows_of(*statuses, structures=("GTVp", "GTVn")):
    return list(csv.DictReader(io.StringIO(as_csv(map(row, statuses), structures), newline="")))


def test_a_case_that_is_done_has_all_its_values():
    (cells,) = rows_of(done("p1", facts=facts(GTVp=8.25, GTVn=0.0, flags=[FLAG], notes=("One.", "Two."))))
    assert cells == {
        "case": "p1", "status": "done", "reason": "", "seconds": "10.0", "peak_memory_gib": "2.5", "attempts": "1",
        "volume_ml GTVp": "8.25", "components GTVp": "1", "volume_ml GTVn": "0.0", "components GTVn": "0",
        "flags": "volume GTVp", "notes": "One. Two.", "given_up": "", "uncertain": "",
        "inputs_sha256": f"t2w={'ab' * 32}", "outputs_sha256": f"images/seg/output.mha={'ab' * 32}",
        "model_sha256": row(done()).model_sha256,
    }  # fmt: skip


def test_a_failed_case_has_its_reason_and_no_measures():
    (cells,) = rows_of(failed("p2", reason='The T2w, "that of today",\tis missing.'))
    assert (cells["status"], cells["attempts"]) == ("failed", "2")
    assert cells["reason"] == 'The T2w, "that of today",\tis missing.'
    assert cells["volume_ml GTVp"] == cells["components GTVn"] == ""


def test_lines_end_as_rfc_4180_has_it():
    text = as_csv([row(done())], ["GTVp"])
    assert text.count("\r\n") == text.count("\n") == 2


@pytest.mark.parametrize("name", ["=1+1", "+p", "-p", "@p"])
def test_no_text_is_a_formula(name):
    (cells,) = rows_of(done(name, facts=facts(flags=[FLAG], notes=("=HYPERLINK()",))), structures=(name,))
    assert cells["case"] == f"'{name}"
    assert cells["notes"] == "'=HYPERLINK()"
