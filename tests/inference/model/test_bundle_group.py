"""Several models as one, and each reason to refuse them."""

import json
import shutil

import pytest

from hnseg.errors import ModelError
from hnseg.imaging.files.checksum import sha256_of
from hnseg.inference.model.bundle_group import BundleGroup, first_model, group_of, holds_several, open_models
from hnseg.inference.model.postprocessing import KeepLargest, Postprocessing
from tests.support.model_folders import change, change_configuration

STEPS = Postprocessing(keep_largest=(KeepLargest(labels=(1, 2)),))


@pytest.fixture
def holder(results, exported, tmp_path):
    """Return a folder that holds a result folder and a bundle, and other things."""
    folder = tmp_path / "holder"
    shutil.copytree(exported, folder / "b")
    shutil.copytree(results, folder / "a")
    shutil.copytree(results, folder / ".hidden")
    (folder / "notes").mkdir()
    return folder


def test_a_folder_of_models_is_opened_in_the_order_of_their_names(holder):
    assert holds_several(holder)
    assert first_model([holder]) == holder / "a"
    group = open_models([holder])
    assert isinstance(group, BundleGroup)
    assert (group.names, group.folder, group.sources) == (("a", "b"), holder, (holder,))
    assert group.sha256["a/plans.json"] == sha256_of(holder / "a" / "plans.json")
    assert "b/fold_0.safetensors" in group.sha256
    assert group.notes == ("Probabilities are the mean of 2 models: a, b.",)
    assert group.dataset == group.bundles[1].dataset


def test_one_folder_is_a_model_as_ever_and_several_are_one_another(results, exported):
    alone = open_models([results], folds=[1])
    assert (alone.folds, alone.bundles, alone.sources) == ((1,), (alone,), (results,))
    assert first_model([results, exported]) == results
    group = open_models([results, exported], folds=[1])
    assert [bundle.folds for bundle in group.bundles] == [(1,), (1,)]
    each = open_models(group.sources, folds_of_each=[[0], [0, 1]])
    assert [bundle.folds for bundle in each.bundles] == [(0,), (0, 1)]


def test_folders_of_one_name_are_told_apart(results):
    group = open_models([results, results])
    assert group.names == (f"{results.name}_0", f"{results.name}_1")
    assert len(group.sha256) == 2 * len(group.bundles[0].sha256)


def test_what_lies_in_the_folder_is_for_all_of_them(holder):
    (holder / "method.json").write_text('{"margin_mm": 3}')
    (holder / "a" / "method.json").write_text('{"margin_mm": 4}')
    (holder / "postprocessing.json").write_text(STEPS.text())
    group = open_models([holder])
    assert group.settings == {"margin_mm": 3}
    assert group.postprocessing == STEPS
    assert {"method.json", "postprocessing.json"} <= group.sha256.keys()
    (holder / "method.json").write_text("[]")
    with pytest.raises(ModelError, match=r"method.json must hold one JSON object, but holds list"):
        open_models([holder])


def test_the_postprocessing_of_one_model_is_left_out_and_told(holder):
    (holder / "a" / "postprocessing.json").write_text(STEPS.text())
    group = open_models([holder])
    assert group.postprocessing.keep_largest == ()
    assert group.notes[1] == "The postprocessing of a alone was left out: it was not determined on the mean."


def test_settings_that_differ_are_refused(holder):
    (holder / "a" / "method.json").write_text('{"margin_mm": 4}')
    with pytest.raises(ModelError, match=r"must have the same method.json, .* those of .*/b and .*/a differ"):
        open_models([holder])


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda dataset: dataset["labels"].update(GTVn=1, GTVp=2), r"same labels, .* GTVp \(1\), GTVn \(2\) and"),
        (
            lambda dataset: dataset["channel_names"].update({"0": "T1"}),
            r"same channels, .* has T2w, noNorm and .* T1",
        ),
    ],
)
def test_other_labels_and_channels_are_refused(results, exported, edit, words):
    change(results / "dataset.json", edit)
    with pytest.raises(ModelError, match=words):
        open_models([exported, results])


def test_logits_that_can_t_be_averaged_plane_by_plane_are_refused(results):
    first = open_models([results])
    kwargs = json.loads((results / "plans.json").read_text())["configurations"]["3d_fullres"]
    change_configuration(
        results,
        resampling_fn_probabilities_kwargs={**kwargs["resampling_fn_probabilities_kwargs"], "order": 3},
    )
    with pytest.raises(ModelError, match=r"must resample their logits linearly, .* has splines of a higher order"):
        group_of([first, open_models([results])])


def test_a_folder_without_any_model_is_refused_as_ever(tmp_path):
    assert not holds_several(tmp_path)
    with pytest.raises(ModelError, match=r"must hold plans.json"):
        open_models([tmp_path])
