"""Facts of exported folds."""

from hnseg_training.graphs.exported import Exported


def test_folds_are_weights_where_nothing_else_is_said():
    exported = Exported(folds=(0, "all"), configuration="3d_fullres", mirroring_axes=(0, 1))
    assert exported.graphs is None
