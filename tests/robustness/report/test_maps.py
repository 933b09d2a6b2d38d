"""Maps of losses and correlations."""

from hnseg.robustness.report.maps import GAIN, INVERSE, LOSS, correlation_maps, loss_map
from hnseg.robustness.results.summary import summarise
from tests.support.made_up_study import made_up_study

SUMMARY = summarise(made_up_study())


def test_a_field_for_each_cell_as_strong_as_its_loss():
    found = loss_map(SUMMARY)
    assert found.columns == ("CT, GTVp", "CT, GTVn", "PET, GTVp", "PET, GTVn")
    assert [name for name, _ in found.rows] == ["spike 1", "spike 2", "blur 1", "blur 2"]
    one, two = (fields[2] for _, fields in found.rows[:2])
    assert (one.colour, one.mark) == (LOSS, "**")
    assert abs(two.percent - 2 * one.percent) <= 2
    assert "12 of 12 complete failures" in found.rows[1][1][0].title
    assert {field.colour for _, fields in found.rows for field in fields} <= {LOSS, GAIN}


def test_a_map_of_correlations_for_each_structure():
    first, second = correlation_maps(SUMMARY)
    assert (first.title, second.title) == ("GTVp", "GTVn")
    assert [name for name, _ in first.rows] == ["volume", "contrast"]
    assert len(first.columns) == 8
    contrast = dict(zip(first.columns, first.rows[1][1], strict=True))["CT spike 2"]
    assert (contrast.mark, contrast.percent) == ("b", 72)
    assert "nearly every case fails" in contrast.title
    assert {field.colour for _, fields in first.rows for field in fields} == {LOSS, INVERSE}


def test_without_descriptors_there_is_no_map():
    records = [type(one)(one.case, one.structure, one.variant, one.dice, one.reference_mm3) for one in made_up_study()]
    assert correlation_maps(summarise(records)) == []
