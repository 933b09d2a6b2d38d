import SimpleITK as sitk

from hnseg.rule.decision import Decision


def test_maps_notes_and_facts_may_be_left_out():
    decision = Decision(sitk.Image(2, 2, 2, sitk.sitkUInt8))
    assert (dict(decision.maps), decision.notes, dict(decision.record)) == ({}, (), {})
