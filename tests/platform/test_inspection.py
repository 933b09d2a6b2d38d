from hnseg.platform.inspection import Inspection


def test_an_inspection_that_finds_nothing_has_no_notes_and_no_facts():
    assert (Inspection().notes, dict(Inspection().record)) == ((), {})
