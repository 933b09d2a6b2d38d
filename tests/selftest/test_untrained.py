import numpy as np
import torch

from hnseg.inference.model.bundle import open_bundle
from hnseg.selftest.agreement import _logits
from hnseg.selftest.subject import Subject
from hnseg.selftest.untrained import Shape, write_untrained


def test_the_bundle_is_whole_and_has_the_shape_that_was_asked_for(tmp_path):
    shape = Shape((8, 16, 32), (4, 8, 8), labels=6, folds=3, spacing_mm=(3.0, 1.0, 1.5))
    bundle = open_bundle(write_untrained(shape, tmp_path / "model"))
    assert bundle.configuration.patch_size == (8, 16, 32)
    assert bundle.configuration.spacing == (3.0, 1.0, 1.5)
    assert bundle.dataset.output_values == tuple(range(6))
    assert bundle.folds == (0, 1, 2)


def test_folds_differ_and_the_same_shape_gives_the_same_weights(tmp_path):
    shape = Shape((8, 16, 16), (4, 8))
    first, again = (write_untrained(shape, tmp_path / name) for name in ("first", "again"))
    assert (first / "fold_0.safetensors").read_bytes() == (again / "fold_0.safetensors").read_bytes()
    assert (first / "fold_0.safetensors").read_bytes() != (first / "fold_1.safetensors").read_bytes()


def test_torchs_random_numbers_are_left_as_they_were(tmp_path):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    write_untrained(Shape((8, 16, 16), (4, 8)), tmp_path / "model")
    assert torch.equal(torch.rand(3), expected)


def test_a_background_is_the_same_in_every_voxel(tmp_path):
    bundle = open_bundle(write_untrained(Shape((8, 16, 16), (4, 8), background=1.25), tmp_path / "model"))
    subject = Subject(bundle, torch.device("cpu"), "torch")
    logits = _logits(subject.load(), 0, subject.tile()).numpy()
    assert np.all(logits[0] == 1.25)
    assert logits[1].std() > 0
