import pytest

from hnseg.errors import InputError
from hnseg_training.cli.options import folds_named, kinds_named


def test_folds_are_numbers_or_all():
    assert folds_named("0, 2,4", of=5) == [0, 2, 4]
    assert folds_named("all", of=5) == ["all"]


def test_left_out_every_fold_of_the_data_set_is_meant():
    assert folds_named(None, of=3) == [0, 1, 2]
    assert folds_named("7", of=8) == [7]


@pytest.mark.parametrize("text", ["5", "0,all", "", "-1", "1.0"])
def test_other_folds_are_refused(text):
    with pytest.raises(InputError, match="numbers from 0 to 4 with commas between them, or all; found"):
        folds_named(text, of=5)


def test_perturbations_are_named_with_commas_between_them():
    assert kinds_named("noise, bias,spike,spike") == ("spike", "bias", "noise")


@pytest.mark.parametrize("text", ["", "spikes", "spike,", "spike bias"])
def test_other_perturbations_are_refused(text):
    with pytest.raises(InputError, match=r"must be some of motion, ghosting, spike, bias, noise, blur, .*; found"):
        kinds_named(text)
