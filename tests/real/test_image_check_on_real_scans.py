"""The image check on real CTs, PETs and MRs: nothing is noted of them, and limits hold on another scanner's scans."""

import pytest

from benchmarks.image_check import (
    FIGURES,
    SETS,
    area_under_curve,
    fitted_limit,
    rows_of,
    values_of,
)
from tests.support.real_data import needs_real_data

pytestmark = needs_real_data("ct_headneck_openkbp", "petctmr_sts")
KBP, SARCOMAS, PET, MR = SETS
CLEAN = ("none", "0", "")
KEY = ("set", "scan", "kind", "severity", "reference")


def measured(scan_set, scans, severities):
    rows = [row for scan in scans for row in rows_of(scan_set, scan, severities, {})]
    return {tuple(row[name] for name in KEY): row for row in rows}


@pytest.fixture(scope="module")
def clean():
    """Figures of all scans as they are."""
    rows = {}
    for scan_set in SETS:
        rows |= measured(scan_set, scan_set.scans(), ())
    return rows


def test_no_real_scan_is_noted(clean):
    for scan_set in SETS:
        for by_modality in FIGURES.values():
            if scan_set.modality in by_modality:
                column, limit = by_modality[scan_set.modality]
                assert max(values_of(clean, scan_set, column, *CLEAN)) < limit


@pytest.mark.parametrize("kind", FIGURES)
@pytest.mark.parametrize(("fitted", "judged"), [(KBP, SARCOMAS), (SARCOMAS, KBP)], ids=["sarcomas", "OpenKBP"])
def test_limits_of_one_set_of_cts_give_at_most_one_false_alarm_in_16_of_another(clean, kind, fitted, judged):
    column, _ = FIGURES[kind]["ct"]
    limit = fitted_limit(column, values_of(clean, fitted, column, *CLEAN))
    found = values_of(clean, judged, column, *CLEAN)
    assert sum(figure > limit for figure in found) <= len(found) / 16


@pytest.mark.parametrize("kind", ["spike", "noise"])
def test_limits_of_half_the_pets_give_at_most_one_false_alarm_in_16(clean, kind):
    column, _ = FIGURES[kind]["pet"]
    found = values_of(clean, PET, column, *CLEAN)
    halves = found[::2], found[1::2]
    alarms = sum(
        figure > fitted_limit(column, fitted) for fitted, judged in (halves, halves[::-1]) for figure in judged
    )
    assert alarms <= 1


@pytest.mark.parametrize(("scan_set", "step"), [(KBP, 9), (SARCOMAS, 4), (PET, 2)], ids=["CT", "CT of legs", "PET"])
def test_spikes_and_noise_of_severity_2_are_told_apart_from_clean_scans(clean, scan_set, step):
    rows = measured(scan_set, scan_set.scans()[::step], (2,))
    for kind, reference in (("spike", "real"), ("spike", "modulus"), ("noise", "")):
        column, _ = FIGURES[kind][scan_set.modality]
        perturbed = values_of(rows, scan_set, column, kind, "2", reference)
        assert area_under_curve(values_of(clean, scan_set, column, *CLEAN), perturbed) >= 0.95
