from tests.support.tiny_hecktor import write_source
from tests.support.tiny_trial import tried


def test_the_whole_way_can_be_tried(tmp_path):
    assert tried("hecktor", write_source(tmp_path / "source"), tmp_path / "trial").passed
