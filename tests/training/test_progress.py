import logging
import os
import pty
import re
import subprocess
import sys

from hnseg_training.progress import EpochReport, stdout_to, tracked


def test_items_are_counted_line_by_line_without_a_terminal(caplog):
    caplog.set_level(logging.INFO)
    assert list(tracked(["a", "b"], total=2, title="converting")) == ["a", "b"]
    first, last = [record.getMessage() for record in caplog.records]
    assert re.fullmatch(r"converting: 1 of 2 done, about \d+:\d\d:\d\d left", first)
    assert last == "converting: 2 of 2 done"


def test_many_items_are_counted_by_the_tenth(caplog):
    caplog.set_level(logging.INFO)
    assert len(list(tracked(range(95), total=95, title="converting"))) == 95
    told = [int(message.split()[1]) for message in caplog.messages]
    assert {10, 19, 29, 38, 48, 57, 67, 76, 86, 95} <= set(told)  # a slow machine may say more
    assert len(told) < 95


def test_a_slow_item_is_told_of_after_15_s(caplog, monkeypatch):
    caplog.set_level(logging.INFO)
    times = iter([0.0, 14.0, 15.0, 16.0])
    monkeypatch.setattr("hnseg_training.progress.time.monotonic", lambda: next(times))
    list(tracked(range(3), total=300, title="converting"))
    assert caplog.messages == ["converting: 2 of 300 done, about 0:37:15 left"]


def test_a_terminal_shows_a_bar():
    program = "from hnseg_training.progress import tracked; list(tracked('abc', total=3, title='converting'))"
    terminal, other_end = pty.openpty()
    with subprocess.Popen([sys.executable, "-c", program], stderr=other_end):
        os.close(other_end)
        shown = b""
        while block := read_or_nothing(terminal):
            shown += block
    os.close(terminal)
    assert b"converting: 3 of 3 done" in shown
    assert b"3/3" in shown


def read_or_nothing(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1024)
    except OSError:  # how Linux says that the other end was closed
        return b""


def sentence_of(dice: dict[str, float]) -> str:
    """Return the sentence on the first of 20 epochs that ended with these values."""
    sentences: list[str] = []
    report = EpochReport(20, list(dice), sentences.append)
    report.log("train_losses", -0.5, 0)
    report.log("val_losses", -0.4, 0)
    for number, value in enumerate(dice.values(), start=1):
        report.log(f"dice_per_class_or_region/class_{number}", value, 0)
    report.log("epoch_end_timestamps", 0.0, 0)
    (sentence,) = sentences
    return sentence


def test_an_epoch_is_one_sentence_with_the_dice_of_each_structure():
    sentence = sentence_of({"GTVp": 0.71, "GTVn": 0.8})
    assert sentence.startswith("epoch 1 of 20, ")
    assert sentence.endswith(" s, loss -0.500, validation -0.400, Dice GTVp 0.710, GTVn 0.800")


def test_of_many_structures_the_mean_and_the_lowest_are_reported():
    dice = {"a": 0.9, "b": 0.1, "c": 0.5, "unseen": float("nan"), "d": 0.3, "e": 0.7}
    assert sentence_of(dice).endswith("Dice 0.500, lowest b 0.100, d 0.300, c 0.500")


def test_prints_go_to_a_file(tmp_path, capsys):
    with stdout_to(tmp_path / "fold" / "console.log"):
        sys.stdout.write("a banner\n")
    assert (tmp_path / "fold" / "console.log").read_text() == "a banner\n"
    assert capsys.readouterr().out == ""
