from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.imaging.structures import StructureMeasures, measure_structures
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.model.structure_range import StructureRange
from hnseg.platform.challenge import load_challenge


def measures(volume_ml=10.0, *, components=1, position_mm=(20.0, 5.0, 120.0), outside=0.0):
    """Return measures of a structure; a volume of 0 is an empty one."""
    return StructureMeasures(
        volume_ml=volume_ml,
        components=components if volume_ml else 0,
        largest_part=float(volume_ml > 0),
        touches_border=False,
        position_mm=position_mm if volume_ml else None,
        outside=outside if volume_ml else None,
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
        ((-4.0, 5.0, 120.0), "14 mm farther to the right"),
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


@pytest.mark.parametrize(
    ("sign", "sentence"),
    [
        (
            1,
            "Parotid_L lies 20 mm to the patient's right of the body's middle; in the training data it lies 10 to 30"
            " mm to the left. Are left and right swapped, or is the image mirrored?",
        ),
        (
            -1,
            "Parotid_L lies 20 mm to the patient's left of the body's middle; in the training data it lies 10 to 30"
            " mm to the right. Are left and right swapped, or is the image mirrored?",
        ),
    ],
)
def test_a_structure_on_the_other_side_of_the_body_is_said_once(sign, sentence):
    ranges = StructureRange.of([measures(position_mm=(sign * x, 5.0, 120.0)) for x in (10.0, 30.0, 25.0)])
    (departure,) = ranges.departures("Parotid_L", measures(position_mm=(sign * -20.0, 5.0, 120.0)))
    assert (departure.kind, departure.sentence) == ("side", sentence)


def test_a_structure_that_lies_on_either_side_in_training_has_no_wrong_one():
    ranges = StructureRange.of([measures(position_mm=(x, 5.0, 120.0)) for x in (-30.0, 30.0)])
    assert kinds(ranges, measures(position_mm=(-25.0, 5.0, 120.0))) == []


@pytest.mark.parametrize(
    ("known", "found", "sentence"),
    [
        (0.0, 0.2, None),
        (0.0, 0.21, "21% of Parotid_L lie outside the body, which in the training data is at most 0%."),
        (0.1, 0.3, None),
        (None, 0.3, "30% of Parotid_L lie outside the body."),
        (None, None, None),
    ],
)
def test_a_structure_outside_the_body_is_said(known, found, sentence):
    ranges = StructureRange.of([measures(outside=known)])
    assert ranges.most_outside == known
    told = [one.sentence for one in ranges.departures("Parotid_L", measures(outside=found))]
    assert told == ([] if sentence is None else [f"{sentence} Is it in air or on the couch?"])


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


DEMOS = Path(__file__).parents[3] / "test_data"
SCANS = {"hnts_mrg": "mid-rt-t2w-head-neck", "han_seg": "ct", "hecktor": "ct"}


def demo(challenge, case="case_000"):
    """Return the labels, the true label map and the scan of a shipped case, and the ranges of the demo bundle."""
    labels = load_challenge(challenge).spec.output.labels
    (scan,) = (DEMOS / challenge / case / "input" / "images").glob(f"*{SCANS[challenge]}/*")
    truth = min((DEMOS / challenge / case / "expected" / "images").glob("*/*"))
    ranges = open_bundle(DEMOS / challenge / "model").manifest.structures
    return labels, sitk.ReadImage(truth), sitk.ReadImage(scan), ranges


@pytest.mark.parametrize("challenge", SCANS)
def test_hardly_a_true_structure_departs_from_the_demo_bundles_ranges(challenge):
    cases = [demo(challenge, f"case_{number:03}") for number in range(6)]
    found = [
        (len(measured), [one for name in measured for one in ranges[name].departures(name, measured[name])])
        for labels, truth, scan, ranges in cases
        if (measured := measure_structures(truth, labels, scan=scan)).keys() == ranges.keys()
    ]
    assert len(found) == 6
    structures, departures = sum(count for count, _ in found), [one.sentence for _, some in found for one in some]
    assert len(departures) <= max(1, 0.02 * structures), departures


def test_organs_of_the_wrong_side_are_told():
    labels, truth, scan, ranges = demo("han_seg")
    found = measure_structures(truth, labels, scan=scan)
    for name in ("Parotid", "Glnd_Submand", "A_Carotid"):
        departures = ranges[f"{name}_L"].departures(name, found[f"{name}_R"])
        assert "side" in {departure.kind for departure in departures}, name


def test_an_organ_drawn_on_both_sides_is_told_and_so_is_its_empty_twin():
    labels, truth, scan, ranges = demo("han_seg")
    left, right = (next(label for label, name in labels.items() if name == f"Parotid_{side}") for side in "LR")
    array = array_of(truth)
    array[array == right] = left
    found = measure_structures(image_of(array, Grid.of(truth)), labels, scan=scan)
    assert kinds(ranges["Parotid_L"], found["Parotid_L"])[-1] == "position"
    assert kinds(ranges["Parotid_R"], found["Parotid_R"]) == ["empty"]


@pytest.mark.parametrize(("axis", "mm", "side"), [(0, -40, "feet"), (1, 40, "back"), (2, 40, "left")])
def test_a_shifted_organ_is_told_by_the_side(axis, mm, side):
    labels, truth, scan, ranges = demo("han_seg")
    (label,) = (label for label, name in labels.items() if name == "Brainstem")
    voxels = round(mm / truth.GetSpacing()[2 - axis])
    shifted = np.roll(array_of(truth) == label, voxels, axis=axis).astype(np.uint8)
    found = measure_structures(image_of(shifted, Grid.of(truth)), {1: "Brainstem"}, scan=scan)["Brainstem"]
    (departure,) = ranges["Brainstem"].departures("Brainstem", found)
    assert (departure.kind, side in departure.sentence) == ("position", True)
