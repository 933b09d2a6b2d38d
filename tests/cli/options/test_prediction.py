from pathlib import Path

import pytest
import typer

from hnseg.cli.options.prediction import FurtherOutputs, PredictionOptions
from hnseg.inference.further.asked import FurtherMembers
from hnseg.inference.planning.effort import Effort


@pytest.mark.parametrize(("text", "folds"), [(None, None), ("0, 2", [0, 2]), ("all", ["all"])])
def test_folds_are_read(text, folds):
    assert PredictionOptions(folds=text).chosen_folds == folds


def test_what_is_no_fold_is_a_usage_error():
    with pytest.raises(typer.BadParameter, match="'0;1'"):
        _ = PredictionOptions(folds="0;1").chosen_folds


def test_the_effort_and_what_is_loaded_are_those_asked_for():
    options = PredictionOptions(no_mirroring=True, step=0.75, skip="air", precision="fast", vram_gib=8)
    assert options.effort == Effort(step=0.75, mirroring=False, skip="air")
    assert options.loading == {"device": "auto", "vram_gib": 8, "precision": "fast", "backend": "auto"}


def test_further_outputs_are_listed_after_the_label_map():
    further = FurtherOutputs(json=Path("r.json"), uncertainty=Path("u"))
    assert further.asked_for == ("--uncertainty", "--json")
    paths = [output.path for output in further.outputs(Path("out.mha"), ())]
    assert paths[:3] == [Path("out.mha"), None, Path("r.json")]
    assert {path.parent for path in paths[3:]} == {Path("u")}
    assert FurtherOutputs().asked_for == ()


def test_probabilities_are_an_array_or_an_image_a_class():
    array = FurtherOutputs(probabilities=Path("p.NPY"))
    assert array.probabilities_dir is None
    assert [output.path for output in array.outputs(Path("out.mha"), ("background", "GTVp"))][1:] == [
        Path("p.NPY"),
        None,
        None,
    ]
    folder = FurtherOutputs(probabilities=Path("p"))
    assert folder.probabilities_dir == Path("p")
    paths = [output.path for output in folder.outputs(Path("out.mha"), ("background", "GTVp")) if output.path]
    assert paths[1:] == [Path("p/probability_background.nii.gz"), Path("p/probability_GTVp.nii.gz")]


def test_members_beyond_the_folds_are_those_asked_for():
    assert FurtherOutputs(uncertainty=Path("u"), dropout=3).further_members == FurtherMembers(dropout=3)
