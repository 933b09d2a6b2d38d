"""SUV factors of PET series against values worked out by hand."""

import pytest

from hnseg.dicom.pet.suv import suv_scale
from hnseg.errors import HeaderError
from tests.support.dicom_series import AXIAL, write_series
from tests.support.dicom_study import PET, injection, series_files
from tests.support.volumes_for_dicom import pet_in_bq_ml

pytestmark = pytest.mark.filterwarnings("ignore:Invalid value for VR")

# 74 kg are 74000 g, 370 MBq were injected: 74000 / 3.7e8 = 2e-4 SUV for each Bq/ml without decay.
PLAIN = 2e-4
# 6586.2 s are a half-life of 18F, so that after one of them half of the dose is left, and the factor is twice that.
HALF_LIFE_LATER = "101946.2"  # 08:30:00 and 6586.2 s, which are 1 h 49 min 46.2 s


def scale(folder, **values):
    files = series_files(pet_in_bq_ml(AXIAL), "PT", **values)
    write_series(folder, files)
    return suv_scale(sorted(folder.iterdir()))


def refusal(folder, **values):
    with pytest.raises(HeaderError) as told:
        scale(folder, **values)
    return str(told.value)


def test_suv_by_weight_is_taken_as_it_is(tmp_path):
    found = scale(tmp_path, Units="GML", SUVType="BW")
    assert (found.factor, found.reason) == (1.0, "stored as SUVbw (GML)")


def test_activity_at_the_injection_is_over_the_whole_dose(tmp_path):
    assert scale(tmp_path, DecayCorrection="ADMIN").factor == pytest.approx(PLAIN)


@pytest.mark.parametrize(
    ("values", "factor"),
    [
        ({"SeriesTime": HALF_LIFE_LATER, "AcquisitionTime": "103000"}, 2 * PLAIN),
        ({"SeriesTime": "120000", "AcquisitionTime": HALF_LIFE_LATER}, 2 * PLAIN),  # made at noon, scanned before
        ({"SeriesTime": None, "AcquisitionTime": HALF_LIFE_LATER}, 2 * PLAIN),
        ({"SeriesTime": "083000", "AcquisitionTime": "084000"}, PLAIN),
    ],
    ids=["series", "acquisition", "no series time", "at the injection"],
)
def test_activity_at_the_scan_is_over_what_is_left_of_the_dose(tmp_path, values, factor):
    assert scale(tmp_path, **values).factor == pytest.approx(factor)


def test_an_injection_before_midnight_is_of_the_day_before(tmp_path):
    injected = injection(RadiopharmaceuticalStartTime="231013.8")  # 6586.2 s before 01:00:00
    values = {"SeriesTime": "010000", "AcquisitionTime": "010000", "RadiopharmaceuticalInformationSequence": injected}
    assert scale(tmp_path, **values).factor == pytest.approx(2 * PLAIN)


def test_a_date_and_time_of_the_injection_is_preferred(tmp_path):
    injected = injection(
        RadiopharmaceuticalStartTime="000000", RadiopharmaceuticalStartDateTime="20260101231013.800000+0000"
    )
    values = {"SeriesTime": "010000", "AcquisitionTime": "010000", "RadiopharmaceuticalInformationSequence": injected}
    assert scale(tmp_path, **values).factor == pytest.approx(2 * PLAIN)


@pytest.mark.parametrize(
    ("elements", "factor"),
    [
        ({0x00: "0.000551"}, 0.000551),
        ({0x00: "0", 0x09: "2.5"}, 2.5 * PLAIN),
        ({0x09: "2.5"}, 2.5 * PLAIN),
        ({0x00: b"0.000551 "}, 0.000551),
    ],
    ids=str,
)
def test_philips_counts_have_a_private_factor(tmp_path, elements, factor):
    files = series_files(pet_in_bq_ml(AXIAL), "PT", Units="CNTS", DecayCorrection="ADMIN")
    for each in files:
        block = each.private_block(0x7053, "Philips PET Private Group", create=True)
        for place, value in elements.items():
            block.add_new(place, "UN" if isinstance(value, bytes) else "DS", value)
    write_series(tmp_path, files)
    assert suv_scale(sorted(tmp_path.iterdir())).factor == pytest.approx(factor)


def test_ge_says_when_a_later_series_was_scanned(tmp_path):
    files = series_files(pet_in_bq_ml(AXIAL), "PT", SeriesTime="120000", AcquisitionTime="104000")
    for each in files:
        each.private_block(0x0009, "GEMS_PETD_01", create=True).add_new(0x0D, "DT", f"20260102{HALF_LIFE_LATER}")
    write_series(tmp_path, files)
    found = suv_scale(sorted(tmp_path.iterdir()))
    assert found.factor == pytest.approx(2 * PLAIN)
    assert "GE's (0009,100D)" in found.reason


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"PatientWeight": None}, "it has no PatientWeight"),
        ({"PatientWeight": "0"}, "its PatientWeight is 0 or less"),
        ({"PatientWeight": "74000"}, "its PatientWeight is beyond what can be meant in DICOM's unit"),
        ({"DecayCorrection": "NONE"}, "its DecayCorrection is NONE"),
        ({"DecayCorrection": None}, "it has no DecayCorrection"),
        ({"Units": None}, "it has no Units"),
        ({"Units": "PROPCPS"}, "its Units are none of BQML, GML and CNTS"),
        ({"Units": "GML", "SUVType": "LBM"}, "its SUVType is not BW"),
        ({"Units": "CNTS"}, r"neither of Philips' (7053,1000) and (7053,1009)"),
        ({"CorrectedImage": ["DECY"]}, "its CorrectedImage has no ATTN"),
        ({"CorrectedImage": "ATTN"}, "its CorrectedImage has no DECY"),
        ({"CorrectedImage": None}, "its CorrectedImage has no ATTN"),
        ({"RadiopharmaceuticalInformationSequence": None}, "its RadiopharmaceuticalInformationSequence has 0 items"),
        ({"SeriesDate": None, "AcquisitionDate": None}, "it has no SeriesDate and no AcquisitionDate and Acquisit"),
        ({"SeriesTime": None, "AcquisitionTime": None}, "it has no SeriesTime"),
        ({"SeriesTime": "9am"}, "its SeriesDate and SeriesTime can't be understood as a time"),
    ],
    ids=str,
)
def test_what_lacks_is_named(tmp_path, values, reason):
    assert reason in refusal(tmp_path, **values)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"RadionuclideTotalDose": None}, "it has no RadionuclideTotalDose"),
        ({"RadionuclideTotalDose": "370"}, "its RadionuclideTotalDose is beyond what can be meant"),  # MBq
        ({"RadionuclideHalfLife": None}, "it has no RadionuclideHalfLife"),
        ({"RadionuclideHalfLife": "0"}, "its RadionuclideHalfLife is 0 or less"),
        ({"RadiopharmaceuticalStartTime": None}, "no RadiopharmaceuticalStartDateTime and no Radiopharmaceutical"),
        ({"RadiopharmaceuticalStartDateTime": "20200102083000"}, "is not within the day before the scan"),
        ({"RadiopharmaceuticalStartDateTime": "20260102103000"}, "is not within the day before the scan"),
    ],
    ids=str,
)
def test_what_lacks_of_the_injection_is_named(tmp_path, values, reason):
    told = refusal(tmp_path, RadiopharmaceuticalInformationSequence=injection(**values))
    assert reason in told
    assert not any(value in told for value in (str(PET["PatientWeight"]), "370", "2020"))


def test_slices_of_different_units_are_refused(tmp_path):
    files = series_files(pet_in_bq_ml(AXIAL), "PT")
    files[3].Units = "CNTS"
    write_series(tmp_path, files)
    with pytest.raises(HeaderError, match="its slices have different values of Units"):
        suv_scale(sorted(tmp_path.iterdir()))
