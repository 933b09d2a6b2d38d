"""Work done: its words, and its share as a part of more."""

from hnseg.progress.work_done import WorkDone


def test_its_words_name_what_there_is_more_than_one_of():
    assert WorkDone(0.4, 12, 30, fold=3, of_folds=5).words == "40 %, 12 of 30 tiles, fold 3 of 5"
    assert WorkDone(0.999, 29, 30, fold=1, of_folds=1).words == "99 %, 29 of 30 tiles"
    assert WorkDone(0.4, 12, 30, of_folds=5, model=2, of_models=3).words == "40 %, model 2 of 3, 12 of 30 tiles"
    assert WorkDone(0, fold=1, of_folds=5, stage="first look").words == "0 %, first look, fold 1 of 5"
    assert not WorkDone(0.5).place


def test_a_part_lies_between_its_ends():
    work = WorkDone(0.5, 3, 6)
    assert work.as_part(0.2, 0.6) == WorkDone(0.4, 3, 6)
    assert work.as_part(0.2, 0.6).as_part(0.5, 1.0).share == 0.7
