import pytest

from hnseg.imaging.structures import StructureMeasures
from hnseg.inference.model.structure_range import StructureRange


def measures(volume_ml=10.0, *, components=1, position_mm=(20.0, 5.0, 120.0)):
    """Return measures of a structure; a volume of 0 is an empty one."""
    return StructureMeasures(
        volume_ml=volume_ml,
        components=components if volume_ml else 0,
        largest_part=float(volume_ml > 0),
        touches_border=False,
        position_mm=position_mm if volume_ml else None,
    )


def kinds(ranges, found):
    return [departure.kind for departure in ranges.departures("Parotid_L", found)]


TRAINING = [
    measures(volume_ml, components=pieces, position_mm=(x, 5.0, 120.0))
    for volume_ml, pieces, x in [(8.0, 1, 10.0), (10.0, 3, 30.0), (16.0, 1, 25.0)]
]


def test_the_ranges_are_those_of_the_cases_that_have_the_structure():
    ranges = StructureRange.of([*TRAINING, measures(0.0)])
    assert (ranges.cases, ranges.empty) == (4, 1)
    assert ranges.volume_ml == (8.0, 10.0, 16.0)
    assert ranges.most_components == 3
    assert ranges.position_mm == ((10.0, 30.0), (5.0, 5.0), (120.0, 120.0))


def test_of_a_hundred_cases_the_percentiles_are_the_range():
    ranges = StructureRange.of([measures(float(ml)) for ml in range(1, 102)])
    assert ranges.volume_ml == (2.0, 51.0, 100.0)


def test_a_structure_that_no_case_has_has_no_range():
    ranges = StructureRange.of([measures(0.0), measures(0.0)])
    assert (ranges.cases, ranges.empty, ranges.volume_ml, ranges.position_mm) == (2, 2, None, None)
    assert kinds(ranges, measures(0.0)) == []
    assert kinds(ranges, measures(5.0)) == ["volume"]


def test_cases_without_a_position_still_have_a_volume():
    ranges = StructureRange.of([measures(8.0, position_mm=None)])
    assert ranges.position_mm is None
    assert kinds(ranges, measures(8.0)) == []


@pytest.mark.parametrize(("at_border", "may"), [(5, False), (6, True)])
def test_a_structure_may_touch_the_border_where_it_does_in_training_cases(at_border, may):
    cases = [measures().model_copy(update={"touches_border": number < at_border}) for number in range(100)]
    assert StructureRange.of(cases).may_touch_border is may


def test_where_the_border_was_not_looked_at_no_structure_may_touch_it():
    ranges = StructureRange(cases=9, empty=0, volume_ml=(1, 2, 3), most_components=1, position_mm=None)
    assert not ranges.may_touch_border


@pytest.mark.parametrize("case", TRAINING)
def test_a_training_case_departs_in_nothing(case):
    assert kinds(StructureRange.of(TRAINING), case) == []


@pytest.mark.parametrize(
    ("found", "kind", "sentence"),
    [
        (measures(30.0), "volume", "Parotid_L has 30 ml, more than in the training data (8 to 16 ml)."),
        (measures(4.0), "volume", "Parotid_L has 4 ml, less than in the training data (8 to 16 ml)."),
        (measures(components=9), "components", "Parotid_L is in 9 pieces; in the training data it has at most 3."),
        (measures(0.0), "empty", "Parotid_L is empty, which it is in none of 3 training cases."),
    ],
)
def test_what_departs_is_said_with_the_range(found, kind, sentence):
    (departure,) = StructureRange.of(TRAINING).departures("Parotid_L", found)
    assert (departure.kind, departure.sentence) == (kind, sentence)


@pytest.mark.parametrize(
    ("position_mm", "side"),
    [
        ((-20.0, 5.0, 120.0), "30 mm farther to the right"),
        ((60.0, 5.0, 120.0), "30 mm farther to the left"),
        ((20.0, -25.0, 120.0), "30 mm farther to the front"),
        ((20.0, 35.0, 120.0), "30 mm farther to the back"),
        ((20.0, 5.0, 90.0), "30 mm farther to the head"),
        ((20.0, 35.0, 190.0), "70 mm farther to the feet"),
    ],
)
def test_a_position_is_said_by_the_side_where_it_departs_most(position_mm, side):
    (departure,) = StructureRange.of(TRAINING).departures("Parotid_L", measures(position_mm=position_mm))
    assert departure.kind == "position"
    assert departure.sentence == f"Parotid_L lies {side} than in any training case."


def test_the_ranges_widen_a_little():
    ranges = StructureRange.of(TRAINING)
    assert kinds(ranges, measures(5.4, components=6, position_mm=(39.0, 14.0, 111.0))) == []
    assert kinds(ranges, measures(5.2, components=7, position_mm=(41.0, 14.0, 111.0))) == [
        "volume",
        "components",
        "position",
    ]


@pytest.mark.parametrize(("empty", "expected"), [(1, ["empty"]), (4, [])])
def test_an_empty_structure_is_worth_a_look_only_where_it_is_rarely_empty(empty, expected):
    ranges = StructureRange.of([measures()] * (100 - empty) + [measures(0.0)] * empty)
    assert kinds(ranges, measures(0.0)) == expected


def test_ranges_come_back_from_their_json():
    ranges = StructureRange.of([*TRAINING, measures(0.0)])
    assert StructureRange.model_validate_json(ranges.model_dump_json()) == ranges
