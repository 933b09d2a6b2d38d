from datetime import datetime

import pytest
from pydicom import Dataset

from hnseg.dicom.pet.private import philips_factor, private_scan_time
from hnseg.errors import HeaderError


def philips(value, *, others=0):
    elements = Dataset()
    for number in range(others):  # their blocks come first, so that ours is (7053,11xx)
        elements.private_block(0x7053, f"Other {number}", create=True)
    elements.private_block(0x7053, "Philips PET Private Group", create=True).add_new(0x00, "DS", value)
    return elements


@pytest.mark.parametrize("others", [0, 1])
def test_a_factor_is_found_in_any_block(others):
    assert philips_factor(philips("0.25", others=others), 0x00) == 0.25
    assert philips_factor(philips("0.25", others=others), 0x09) == 0.0


def test_an_element_of_another_creator_is_none():
    elements = Dataset()
    elements.private_block(0x7053, "Other", create=True).add_new(0x00, "DS", "0.25")
    assert philips_factor(elements, 0x00) == 0.0


@pytest.mark.parametrize("value", ["-1", "1e999"])
def test_what_is_no_factor_is_refused(value):
    elements = Dataset()
    elements.private_block(0x7053, "Philips PET Private Group", create=True).add_new(0x09, "UN", value.encode())
    with pytest.raises(HeaderError, match=r"^its \(7053,1009\) is not a positive number$"):
        philips_factor(elements, 0x09)


def test_the_scan_time_of_ge_may_be_missing():
    elements = Dataset()
    assert private_scan_time(elements) is None
    elements.private_block(0x0009, "GEMS_PETD_01", create=True).add_new(0x0D, "DT", "20260102093000.00")
    assert private_scan_time(elements) == datetime(2026, 1, 2, 9, 30)
