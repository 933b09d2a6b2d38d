"""Postprocessing files, in both forms, and each reason to refuse one."""

import json

import pytest

from hnseg.errors import ModelError
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.model.nnunet_plans import Dataset
from hnseg.inference.model.postprocessing import FUNCTION, KeepLargest, Postprocessing, read_postprocessing

DATASET = Dataset.model_validate(
    {"channel_names": {"0": "CT"}, "labels": {"background": 0, "a": 1, "b": 2, "ignore": 3}}
)
STEPS = Postprocessing(keep_largest=(KeepLargest(labels=(1, 2)), KeepLargest(labels=(2,))))


def written(tmp_path, content):
    path = tmp_path / "postprocessing.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def of_nnunet(*labels, function=FUNCTION, **more):
    arguments = [{"labels_or_regions": each, **more} for each in labels]
    return {"postprocessing_fns": [function] * len(labels), "postprocessing_kwargs": arguments, "input_folder": {}}


def test_what_is_written_is_read(tmp_path):
    assert read_postprocessing(written(tmp_path, STEPS.text()), DATASET) == STEPS


@pytest.mark.parametrize("both", [[1, 2], [[1, 2]], [1, [2]], [[1, 2], 2]])
def test_nnunets_own_file_is_read_whether_it_names_labels_or_regions(tmp_path, both):
    assert read_postprocessing(written(tmp_path, of_nnunet(both, 2)), DATASET) == STEPS
    assert read_postprocessing(written(tmp_path, of_nnunet(both, 2, background_label=0))) == STEPS


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (of_nnunet(1, function="os.system"), "it names the function os.system"),
        (of_nnunet(1, background_label=7), "has other arguments there than labels_or_regions"),
        (of_nnunet(1, smallest_mm3=5), "has other arguments there than labels_or_regions"),
        (of_nnunet("GTVp"), "labels > 0 must be an integer"),
        (of_nnunet([]), "labels must have at least 1 item"),
        ({"postprocessing_fns": [FUNCTION]}, "it has not one set of arguments for each function"),
        ({"format": "hnseg-postprocessing-2"}, "format must be 'hnseg-postprocessing-1'"),
        ([1], "must be a JSON object"),
    ],
)
def test_anything_else_is_refused(tmp_path, content, reason):
    with pytest.raises(ModelError, match=rf"postprocessing.json must hold the postprocessing of nnU-Net, .*{reason}"):
        read_postprocessing(written(tmp_path, content))


def test_a_damaged_file_is_refused(tmp_path):
    with pytest.raises(ModelError, match="must hold JSON"):
        read_postprocessing(written(tmp_path, "{"))


@pytest.mark.parametrize("label", [3, 4])
def test_a_label_that_the_model_does_not_have_is_refused(tmp_path, label):
    with pytest.raises(ModelError, match=rf"must be of the model's labels \(1, 2\), but names {label}"):
        read_postprocessing(written(tmp_path, of_nnunet([1, label])), DATASET)


def test_a_result_folder_has_it_and_its_checksum(results):
    assert open_bundle(results).postprocessing.keep_largest == ()
    (results / "postprocessing.json").write_text(json.dumps(of_nnunet(1)))
    bundle = open_bundle(results)
    assert bundle.postprocessing == Postprocessing(keep_largest=(KeepLargest(labels=(1,)),))
    assert "postprocessing.json" in bundle.sha256


def test_a_bundle_has_only_that_which_was_exported(exported):
    (exported / "postprocessing.json").write_text(STEPS.text())
    with pytest.raises(ModelError, match=r"postprocessing.json must be the file that was exported"):
        open_bundle(exported)
