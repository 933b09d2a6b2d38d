from tests.support.tiny_trial import tried


def test_the_whole_way_can_be_tried(source, tmp_path):
    assert tried("hnts_mrg", source, tmp_path / "trial").passed
