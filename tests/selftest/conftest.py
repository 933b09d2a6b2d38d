import pytest
import torch

from hnseg.inference.model.bundle import open_bundle
from hnseg.selftest.subject import Subject
from hnseg.selftest.untrained import write_untrained
from tests.support.small_selftest import SMALL


@pytest.fixture(scope="session")
def small_bundle(tmp_path_factory):
    return open_bundle(write_untrained(SMALL, tmp_path_factory.mktemp("untrained") / "model"))


@pytest.fixture(scope="session")
def subject(small_bundle):
    """The small ensemble on the processor, run by torch."""
    return Subject(small_bundle, torch.device("cpu"), "torch")
