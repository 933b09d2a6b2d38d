"""Structures of a label map beside the training data: what is flagged, and what is recorded."""

import json
import logging
import math
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import MemoryShortError
from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.imaging.structures import StructureMeasures, measure_structures
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.model.structure_check import (
    Scan,
    StructureFlag,
    check_and_record,
    check_structures,
    has_time,
    measures_in,
)
from hnseg.inference.model.structure_range import StructureRange
from hnseg.platform.challenge import load_challenge
from hnseg.provenance import Provenance

DEMO = Path(__file__).parents[3] / "test_data" / "han_seg"
LABELS = load_challenge("han_seg").spec.output.labels
SIDES = [name[:-1] for name in LABELS.values() if name.endswith("L") and f"{name[:-1]}R" in LABELS.values()]
"""Names of the structures that there are on both sides, such as `Parotid_` and `Eye_A`, without the side."""


@pytest.fixture(scope="module")
def expected():
    """Return the ranges that the demo bundle has of its training data."""
    return open_bundle(DEMO / "model").structures


def case(number=0):
    """Return the scan and the true label map of a shipped phantom."""
    folder = DEMO / f"case_{number:03}"
    (scan,) = (folder / "input" / "images").glob("ct/*")
    (truth,) = (folder / "expected" / "images").glob("*/*")
    return sitk.ReadImage(str(scan)), sitk.ReadImage(str(truth))


def mirrored(label_map):
    """Return a label map with the labels of left and right structures swapped, as a mirrored network gives it."""
    label_of = {name: label for label, name in LABELS.items()}
    table = np.arange(256, dtype=np.uint8)
    for name in SIDES:
        left, right = label_of[f"{name}L"], label_of[f"{name}R"]
        table[[left, right]] = right, left
    return image_of(table[array_of(label_map)], Grid.of(label_map))


def flags(label_map, scan, expected):
    return check_structures(measure_structures(label_map, LABELS, scan=scan), expected)


def test_swapped_sides_are_flagged_for_each_pair_and_right_ones_for_none(expected):
    scan, truth = case()
    assert flags(truth, scan, expected) == ()
    found = {(flag.kind, flag.structure) for flag in flags(mirrored(truth), scan, expected)}
    pairs = {f"{name}{side}" for name in SIDES for side in "LR"}
    assert len(pairs) == 16
    assert {structure for kind, structure in found if kind == "side"} == pairs


def test_sides_are_the_patients_in_an_image_that_is_stored_the_other_way_round(expected):
    scan, truth = (sitk.Flip(image, (True, True, False)) for image in case())
    assert scan.GetDirection()[0] == -1
    assert flags(truth, scan, expected) == ()
    assert {flag.kind for flag in flags(mirrored(truth), scan, expected)} == {"side"}


def test_a_mirrored_image_whose_header_was_lost_is_flagged(expected):
    scan, truth = (image_of(array_of(image)[:, :, ::-1], Grid.of(image)) for image in case())
    assert {flag.kind for flag in flags(truth, scan, expected)} >= {"side"}


def test_a_structure_in_the_air_is_flagged(expected):
    scan, truth = case()
    array = array_of(truth)
    (label,) = (label for label, name in LABELS.items() if name == "Parotid_L")
    array[array == label] = 0
    array[30:40, :4, -6:] = label  # a corner of the image
    found = [flag for flag in flags(image_of(array, Grid.of(truth)), scan, expected) if flag.structure == "Parotid_L"]
    assert "outside" in [flag.kind for flag in found]
    assert any(flag.sentence.startswith("100% of Parotid_L lie outside the body") for flag in found)


def test_no_true_structure_of_any_shipped_case_is_on_the_wrong_side_or_outside_the_body(expected):
    for number in range(6):
        scan, truth = case(number)
        kinds = {flag.kind for flag in flags(truth, scan, expected)}
        assert not kinds & {"side", "outside", "volume", "components", "position"}, number


def recorded(label_map, scan, expected, *, remaining_s=math.inf):
    """Return what the provenance has after a check, and its text before."""
    provenance = Provenance()
    check_and_record(label_map, LABELS, scan, expected=expected, remaining_s=remaining_s, provenance=provenance)
    return json.loads(provenance.as_json())


def test_flags_and_measures_are_recorded_and_logged_and_the_label_map_stays(expected, caplog):
    caplog.set_level(logging.INFO)
    scan, truth = case()
    wrong = mirrored(truth)
    before = array_of(wrong).copy()
    record = recorded(wrong, lambda: scan, expected)
    assert (array_of(wrong) == before).all()
    assert [StructureFlag(**flag) for flag in record["structure_flags"]] == list(flags(wrong, scan, expected))
    assert StructureMeasures(**measures_in(record)["Parotid_L"]).position_mm[0] < -20
    assert "check" in record["stages_s"]
    assert record["notes"] == []
    (line,) = (line for line in caplog.messages if line.startswith("flag: Parotid_L"))
    assert "to the patient's right of the body's middle" in line


def test_a_model_without_ranges_is_not_checked_which_the_log_says_once(caplog):
    caplog.set_level(logging.INFO)
    scan, truth = case()
    record = recorded(truth, lambda: scan, {})
    assert not record.keys() & {"structures", "structure_flags"}
    assert caplog.messages == ["structures are not compared with the training data, of which this model tells nothing"]
    assert measures_in(record) == measures_in(None) == {}


def test_the_body_is_that_of_the_part_which_the_networks_saw(expected):
    scan, truth = case()
    cut = scan[:, :, : scan.GetSize()[2] - 10]  # without the crown, positions count from the part's upper end
    seen = Scan(scan, Grid.of(cut))
    found = measures_in(recorded(truth, seen.part, expected))
    assert found == {
        name: each.model_dump(mode="json") for name, each in measure_structures(truth, LABELS, scan=cut).items()
    }
    assert found != measures_in(recorded(truth, lambda: scan, expected))


def test_a_part_beyond_the_scan_has_its_least_value():
    scan = sitk.GetImageFromArray(np.full((4, 4, 4), 40, np.int16))
    beyond = Grid((6, 4, 4), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    assert array_of(Scan(scan, beyond).part()).min() == 40


@pytest.mark.parametrize(
    "error", [MemoryError(), MemoryShortError("It must fit."), RuntimeError("Failed to allocate memory for image.")]
)
def test_memory_that_is_short_leaves_the_check_out(expected, caplog, error):
    def exhausted():
        raise error

    _, truth = case()
    record = recorded(truth, exhausted, expected)
    assert not record.keys() & {"structures", "structure_flags"}
    assert caplog.messages == ["Structures were not compared with the training data: there was not enough memory."]


def test_another_failure_is_none_of_memory(expected):
    def damaged():
        raise RuntimeError("ITK ERROR: something else")

    with pytest.raises(RuntimeError, match="something else"):
        recorded(case()[1], damaged, expected)


def test_without_time_nothing_is_read(expected, caplog):
    caplog.set_level(logging.INFO)
    record = recorded(case()[1], lambda: pytest.fail("read"), expected, remaining_s=1.0)
    assert (measures_in(record), caplog.messages) == ({}, [])


@pytest.mark.parametrize(("remaining_s", "has"), [(2.0, False), (2.2, True), (float("inf"), True), (-5.0, False)])
def test_there_must_be_time_left_by_the_size_of_the_label_map(remaining_s, has):
    assert has_time(sitk.Image(100, 100, 100, sitk.sitkUInt8), remaining_s) is has


def test_a_structure_that_training_did_not_know_has_general_limits():
    range_ = StructureRange(cases=9, empty=0, volume_ml=(1, 2, 3), most_components=1, position_mm=None)
    measures = StructureMeasures(volume_ml=2, components=11, largest_part=0.5, touches_border=True, position_mm=None)
    found = check_structures({"A": measures, "B": measures}, {"A": range_})
    assert [(flag.kind, flag.structure) for flag in found] == [
        ("components", "A"),
        ("border", "A"),
        ("components", "B"),
        ("border", "B"),
    ]
