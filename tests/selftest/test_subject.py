import numpy as np
import pytest
import torch

from hnseg.errors import InputError
from hnseg.selftest.subject import Subject, arithmetic_of, free_memory


def test_the_reference_is_torch_in_float32_on_the_processor(small_bundle):
    reference = Subject(small_bundle, torch.device("cpu")).load_reference()
    assert reference.backend.name == "torch"
    assert arithmetic_of(reference) == "float32"


def test_a_tile_is_the_networks_input(subject):
    assert subject.tile().shape == (1, 8, 16, 16)
    assert np.isfinite(subject.tile().numpy()).all()


def test_an_image_of_two_tiles_is_half_a_patch_longer(subject):
    channels = subject.two_tiles()
    assert channels.array.shape == (1, 8, 16, 24)
    assert subject.placement(channels).network_shape == (8, 16, 24)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_missing_gpu_is_refused_with_the_sentence_of_every_command(small_bundle):
    with pytest.raises(InputError, match="A GPU was asked for"):
        Subject(small_bundle, torch.device("cuda")).load()
    free_memory()  # needs none
