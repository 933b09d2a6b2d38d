"""Collecting of scores from a store of variants, some of which are not done."""

from __future__ import annotations

from hnseg.cohort.state.status import STATUS_FILE
from hnseg.cohort.state.store import CaseStore
from hnseg.robustness.scores.record import BASELINE, ScoreRecord, Variant
from hnseg.robustness.scores.scores_csv import as_csv
from hnseg.robustness.study.collecting import collect_scores
from hnseg.robustness.study.variants import CaseVariant, Choice, variant_cases
from hnseg.robustness.study.work import SCORES_FILE
from tests.support.made_up_cohort import done, failed

WORK = "ef" * 32
CHOICE = Choice(("ct-image",), kinds=("noise",), severities=(1, 2))


def write_variant(store, variant, status=None):
    folder = store.case_folder(variant.name)
    folder.mkdir(parents=True)
    status = (status or done()).model_copy(update={"case": variant.name})
    (folder / STATUS_FILE).write_text(status.model_dump_json())
    scored = BASELINE if variant.is_baseline else Variant("CT", variant.kind, variant.severity)
    (folder / SCORES_FILE).write_text(as_csv([ScoreRecord(variant.case, "GTVp", scored, 0.5, 10.0)]))


def collected(case, store):
    variants = variant_cases([case, case.model_copy(update={"name": "case_001"})], CHOICE)
    return collect_scores(variants, WORK, store)


def test_scores_come_in_the_order_of_the_study_whatever_was_done_first(case, tmp_path):
    store = CaseStore(tmp_path / "out")
    for variant in reversed([*CHOICE.variants_of(case)]):
        write_variant(store, variant)
    found = collected(case, store)
    assert [str(record.variant) for record in found.records] == ["baseline", "CT noise 1", "CT noise 2"]
    assert (found.missing, found.has_variants) == (3, True)


def test_what_failed_or_another_work_did_or_has_no_baseline_is_left_out(case, tmp_path):
    store = CaseStore(tmp_path / "out")
    write_variant(store, CaseVariant("case_000"))
    write_variant(store, CaseVariant("case_000", "ct-image", "noise", 1), failed())
    write_variant(store, CaseVariant("case_000", "ct-image", "noise", 2), done(work_sha256="00" * 32))
    write_variant(store, CaseVariant("case_001", "ct-image", "noise", 1))
    found = collected(case, store)
    assert [record.case for record in found.records] == ["case_000"]
    assert (found.missing, found.has_variants) == (5, False)
