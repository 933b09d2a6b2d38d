import json

import pytest

from hnseg.errors import InputError
from hnseg_training.dataset.augmentation import Augmentation, ChannelDropout, Perturbations
from hnseg_training.dataset.work_folder import WorkFolder, write_json
from hnseg_training.fitting.hardening.record import asked_augmentation, augmentation_of, record_augmentation
from hnseg_training.fitting.preset import PRESETS

PRESET = PRESETS["demo-hecktor"]
OF_DATA = Augmentation(dropouts=(ChannelDropout(channel=1, whole=0.25, truncated=0),))
SPIKES = Perturbations(kinds=("spike",), probability=0.5)


@pytest.fixture
def work(tmp_path) -> WorkFolder:
    work = WorkFolder.create(tmp_path, challenge="hecktor", dataset_id=506)
    write_json(work.raw / "augmentation.json", OF_DATA.model_dump(mode="json"))
    return work


def begin(work: WorkFolder, perturbations: Perturbations | None) -> None:
    """Begin a fold that is asked for with perturbations, as a training does."""
    record_augmentation(work, PRESET, asked_augmentation(work, PRESET, perturbations))


def train(work: WorkFolder) -> None:
    folder = work.results(PRESET.result_name) / "fold_0"
    folder.mkdir(parents=True)
    (folder / "checkpoint_latest.pth").touch()


def test_a_data_set_has_its_own_augmentation(work):
    assert augmentation_of(work, PRESET) == OF_DATA
    (work.raw / "augmentation.json").unlink()
    assert augmentation_of(work, PRESET) == Augmentation()


def test_a_record_that_was_edited_is_refused(work):
    write_json(work.raw / "augmentation.json", {"dropouts": [], "dropuots": []})
    with pytest.raises(InputError, match=r"augmentation\.json must be the augmentation .*; is dropouts meant\?"):
        augmentation_of(work, PRESET)


def test_the_record_adds_perturbations_to_the_data_sets_augmentation(work):
    begin(work, SPIKES)
    assert augmentation_of(work, PRESET) == OF_DATA.model_copy(update={"perturbations": SPIKES})
    recorded = json.loads((work.results(PRESET.result_name) / "augmentation.json").read_text())
    assert recorded["perturbations"] == {"kinds": ["spike"], "probability": 0.5}


def test_before_the_first_fold_another_choice_takes_the_place_of_the_first(work):
    begin(work, SPIKES)
    begin(work, None)
    assert augmentation_of(work, PRESET) == OF_DATA


@pytest.mark.parametrize("asked", [None, SPIKES])
def test_further_folds_are_augmented_as_the_first(work, asked):
    begin(work, SPIKES)
    train(work)
    begin(work, asked)
    assert augmentation_of(work, PRESET).perturbations == SPIKES


def test_folds_of_one_ensemble_are_not_augmented_otherwise(work):
    train(work)
    with pytest.raises(
        InputError,
        match="must be augmented alike, but those that are there were trained with no perturbations, and now spike in"
        r" 0\.5 of the patches was asked for",
    ):
        begin(work, SPIKES)
