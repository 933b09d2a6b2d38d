import pytest

from hnseg.errors import OutputError
from hnseg_training.challenges.hecktor.trial import TRIAL
from hnseg_training.fitting.expected.training_need import training_need
from hnseg_training.fitting.preset import PRESETS
from hnseg_training.trial.trial import Extent, fit_length, long_training, run_trial

DEMO = PRESETS["demo"]


@pytest.fixture(scope="module")
def need(planned):
    return training_need(planned, DEMO, timed=False)


@pytest.mark.parametrize(
    ("batch_s", "minutes", "length"),
    [
        (None, 1, (20, 250)),  # nothing was measured: the preset's own length
        (0.001, 60, (20, 250)),  # never longer
        (0.1, 3, (4, 250)),
        (0.1, 0.25, (1, 93)),  # less than an epoch
        (100, 0.01, (1, 1)),
    ],
)
def test_epochs_are_bounded_by_minutes(need, batch_s, minutes, length):
    assert fit_length(need.model_copy(update={"batch_s": batch_s}), DEMO, minutes=minutes) == length


def test_stages_share_the_minutes(need):
    staged = PRESETS["demo-hn-uiseg"]
    epochs, batches = fit_length(need.model_copy(update={"batch_s": 0.1}), staged, minutes=1)
    assert (epochs, batches) == (1, 120)
    assert fit_length(need.model_copy(update={"batch_s": 0.1}), staged, minutes=0.41) == (1, 76)


def test_a_folder_that_holds_something_is_refused(tmp_path):
    (tmp_path / "earlier").touch()
    extent = Extent(patients=5, minutes=1, engine="process", container_dir=tmp_path)
    with pytest.raises(OutputError, match=r"A trial must have a new folder, but .* is there already"):
        run_trial(TRIAL, tmp_path, tmp_path, extent)


def test_the_long_training_is_told_with_all_its_commands(tmp_path):
    assert [command.split()[1] for command in long_training(TRIAL, tmp_path)] == [
        "convert", "plan", "fit", "outcomes", "export", "rehearse",
    ]  # fmt: skip
