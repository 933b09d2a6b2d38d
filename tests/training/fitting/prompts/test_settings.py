import pytest
from pydantic import ValidationError

from hnseg.imaging.prompts.encoding import PromptEncoding
from hnseg_training.fitting.prompts.settings import STAGES, PromptTraining

ENCODING = PromptEncoding(structures=("GTVp", "GTVn"))


def test_the_defaults_are_those_that_the_authors_state():
    settings = PromptTraining(encoding=ENCODING)
    assert STAGES == ("pretrain", "automatic", "interactive")
    assert (settings.active, settings.left_out, settings.smallest_error_voxels) == (0.5, 0, 5)


@pytest.mark.parametrize("wrong", [{"active": 1.1}, {"most_errors": 0}, {"near_mm": 0}, {"placement": "corner"}])
def test_values_out_of_range_are_refused(wrong):
    with pytest.raises(ValidationError):
        PromptTraining(encoding=ENCODING, **wrong)


def test_settings_are_read_back_as_they_were_written():
    settings = PromptTraining(encoding=ENCODING, placement="deepest", left_out=0.5)
    assert PromptTraining.model_validate(settings.model_dump(mode="json")) == settings
