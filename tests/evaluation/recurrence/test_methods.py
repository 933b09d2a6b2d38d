"""Files of several methods for the same patients."""

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.evaluation.recurrence.methods import Method, find_cohort
from tests.support.recurrence_patients import BOTH, SHAPE, as_image, label_map, write


def test_each_patient_has_every_method(root, cohort):
    assert cohort.methods == ("net", "all", "first", "none")
    patient = cohort.patients[0]
    assert patient.name == "a"
    assert patient.label_maps["first"] == root / "first" / "a.nii.gz"
    assert patient.probabilities == {"net": root / "probability" / "a.nii.gz"}
    assert {root / "references" / "c.nii.gz", root / "images" / "a" / "brain.nii.gz"} <= set(cohort.files)


def test_of_probabilities_alone_at_least_one_half_is_predicted(cohort):
    patient = cohort.patients[0]
    predicted = sitk.GetArrayFromImage(patient.read_pair("net", patient.read_reference()).prediction)
    assert np.argwhere(predicted).tolist() == np.argwhere(sitk.GetArrayFromImage(label_map(BOTH[0]))).tolist()


def test_label_maps_go_before_probabilities(root):
    cohort = find_cohort([Method("net", root / "all", root / "probability")], root / "references")
    patient = cohort.patients[0]
    predicted = patient.read_pair("net", patient.read_reference()).prediction
    assert sitk.GetArrayFromImage(predicted).sum() == 54


def test_a_mask_of_integers_is_taken_for_probabilities_of_0_and_1(root, tmp_path):
    write(tmp_path / "masks", dict.fromkeys("abc", label_map(BOTH[0])))
    patient = find_cohort([Method("net", None, tmp_path / "masks")], root / "references").patients[0]
    assert sitk.GetArrayFromImage(patient.read_pair("net", patient.read_reference()).prediction).sum() == 27


def test_a_containers_outputs_have_both(root, tmp_path):
    for name in "abc":
        images = tmp_path / "outputs" / name / "images"
        write(images / "recurrence-segmentation", {"output": label_map(BOTH[0])})
        write(images / "recurrence-probability", {"output": as_image(np.full(SHAPE, 0.25, np.float32))})
    outputs = tmp_path / "outputs"
    (patient, *_) = find_cohort([Method("net", outputs, outputs)], root / "references").patients
    assert patient.label_maps["net"].parent.name == "recurrence-segmentation"
    assert patient.probabilities["net"].parent.name == "recurrence-probability"


def test_a_patient_without_a_prediction_is_refused_or_left_out(root, tmp_path):
    write(tmp_path / "some", dict.fromkeys("ab", label_map()))
    methods = [Method("all", root / "all"), Method("some", tmp_path / "some")]
    with pytest.raises(InputError, match=r"these have none: c.nii.gz"):
        find_cohort(methods, root / "references")
    cohort = find_cohort(methods, root / "references", leave_out_missing=True)
    assert [patient.name for patient in cohort.patients] == ["a", "b"]
    assert cohort.notes == ("Left out for want of a prediction: 1 case (c).",)


def test_methods_without_a_common_patient_are_refused(root, tmp_path):
    write(tmp_path / "one", {"a": label_map()})
    write(tmp_path / "other", {"b": label_map()})
    methods = [Method(name, tmp_path / name) for name in ("one", "other")]
    with pytest.raises(InputError, match="no patient has those of all"):
        find_cohort(methods, root / "references", leave_out_missing=True)


def test_values_that_are_no_probabilities_are_refused(root, tmp_path):
    write(tmp_path / "percent", dict.fromkeys("abc", as_image(np.full(SHAPE, 38, np.float32))))
    (patient, *_) = find_cohort([Method("net", None, tmp_path / "percent")], root / "references").patients
    with pytest.raises(InputError, match=r"numbers from 0 to 1, but .* goes from 38 to 38\. Does it hold percentages"):
        patient.read_pair("net", patient.read_reference())
