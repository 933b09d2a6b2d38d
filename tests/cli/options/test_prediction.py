from pathlib import Path

import pytest
import typer

from hnseg.cli.options.prediction import FurtherOutputs, PredictionOptions
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
    further = FurtherOutputs(report=Path("r.json"), uncertainty=Path("u"))
    assert further.asked_for == ("--uncertainty", "--report")
    paths = [output.path for output in further.outputs(Path("out.mha"))]
    assert paths[:3] == [Path("out.mha"), None, Path("r.json")]
    assert {path.parent for path in paths[3:]} == {Path("u")}
    assert FurtherOutputs().asked_for == ()
