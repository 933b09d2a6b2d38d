"""Score tables made from rows, by way of a file."""

import pytest

from hnseg.evaluation.ranking.methods import METHODS
from hnseg.evaluation.ranking.scores_file import read_scores
from hnseg.evaluation.ranking.scores_table import ScoresTable, table_of
from tests.support.simulated_challenge import write_scores

HAN_SEG = METHODS["han-seg"]


@pytest.fixture
def table_from(tmp_path):
    """Return a function that makes a table of rows, by way of a file."""

    def make(rows) -> ScoresTable:
        path = write_scores(rows, tmp_path / "scores.csv")
        return table_of(read_scores(path, HAN_SEG.metrics), HAN_SEG.metrics)

    return make
