import pytest


def test_a_cases_output_is_kept_below_its_name(small_request, tmp_path):
    assert small_request.output_dir("case_000") == tmp_path / "kept" / "case_000" / "output"


def test_a_case_is_found_by_its_name(small_request, case_dir):
    assert small_request.case("case_000").input_dir == case_dir / "input"
    with pytest.raises(KeyError, match="case_001"):
        small_request.case("case_001")
