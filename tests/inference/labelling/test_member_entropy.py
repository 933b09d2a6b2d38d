"""Entropies of members, by hand."""

import math

import pytest
import torch

from hnseg.inference.labelling.member_entropy import entropies_of_classes, entropies_of_regions


def logits_of(*probabilities):
    """Return logits (m, k, 1) of members with such probabilities of classes."""
    return torch.tensor(probabilities).log()[..., None]


def test_members_that_agree_have_no_mutual_information_however_unsure():
    entropy, mutual_information = entropies_of_classes(logits_of((0.5, 0.5), (0.5, 0.5)))
    assert entropy.item() == pytest.approx(math.log(2), abs=1e-6)
    assert mutual_information.item() == pytest.approx(0, abs=1e-6)


def test_members_that_are_sure_of_different_classes_have_nothing_but_mutual_information():
    entropy, mutual_information = entropies_of_classes(torch.eye(3)[..., None] * 100)
    assert entropy.item() == pytest.approx(math.log(3), abs=1e-6)
    assert mutual_information.item() == pytest.approx(math.log(3), abs=1e-6)


def test_entropy_is_that_of_the_mean_probability():
    entropy, mutual_information = entropies_of_classes(logits_of((0.9, 0.1), (0.5, 0.5)))
    mean = -0.7 * math.log(0.7) - 0.3 * math.log(0.3)
    own = (-0.9 * math.log(0.9) - 0.1 * math.log(0.1) + math.log(2)) / 2
    assert entropy.item() == pytest.approx(mean, abs=1e-6)
    assert mutual_information.item() == pytest.approx(mean - own, abs=1e-6)


def test_regions_add_up_since_they_may_overlap():
    entropy, mutual_information = entropies_of_regions(
        torch.tensor([[0.0, 100.0, 0.0], [0.0, -100.0, 100.0]])[..., None]
    )
    half_or_three_quarters = -0.75 * math.log(0.75) - 0.25 * math.log(0.25)
    assert entropy.item() == pytest.approx(2 * math.log(2) + half_or_three_quarters, abs=1e-5)
    expected = math.log(2) + half_or_three_quarters - math.log(2) / 2
    assert mutual_information.item() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("entropies_of", [entropies_of_classes, entropies_of_regions])
def test_only_members_that_count_do(entropies_of):
    logits = torch.tensor([[[1.0] * 4, [0.0] * 4], [[-3.0] * 4, [2.0] * 4], [[7.0] * 4, [-7.0] * 4]])
    counts = torch.tensor([[1.0, 1, 1, 0], [1.0, 1, 0, 0], [1.0, 0, 0, 0]])
    found = [each.tolist() for each in entropies_of(logits, counts)]
    for members in (3, 2, 1):
        wanted = entropies_of(logits[:members])
        assert [each[3 - members] for each in found] == pytest.approx([each[0].item() for each in wanted])
    assert found[1][2] == pytest.approx(0, abs=1e-6)  # one member
    assert [each[3] for each in found] == [0, 0]  # none
