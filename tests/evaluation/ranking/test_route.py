"""Borda methods are found in the modules of the challenges."""

from hnseg.evaluation.challenges.hecktor.edition_2025 import RANKING
from hnseg.evaluation.ranking.methods import METHODS
from hnseg.evaluation.ranking.route import borda_methods


def test_each_method_has_its_own_name():
    methods = borda_methods()
    assert methods == {"hecktor-2025": RANKING}
    assert not methods.keys() & METHODS.keys()
