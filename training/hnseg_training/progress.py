"""Progress that can be seen: a bar on a terminal, one line an event elsewhere."""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

logger = logging.getLogger(__name__)

T = TypeVar("T")

FEW = 3  # structures that a line has room for


def on_terminal() -> bool:
    """Say whether somebody watches, so that bars make sense."""
    return sys.stderr.isatty()


@contextlib.contextmanager
def said_to(log: Path) -> Iterator[None]:
    """Send what nnU-Net prints to a file, so that the terminal shows only the story and the progress."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file, contextlib.redirect_stdout(file):
        yield


def tracked(items: Iterable[T], *, total: int, title: str) -> Iterator[T]:
    """Yield the items and show how many are done."""
    with bar(title, total=total) as advance:
        for number, item in enumerate(items, start=1):
            yield item
            advance(f"{number} of {total} done")


@contextlib.contextmanager
def bar(title: str, *, total: int, done: int = 0) -> Iterator[Callable[[str], None]]:
    """Give a function that counts one more as done and says something about it.

    Args:
        title: What is being done.
        total: How many steps there are.
        done: How many were done before.
    """
    if not on_terminal():
        yield lambda sentence: logger.info("%s: %s", title, sentence)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as progress:
        task = progress.add_task(title, total=total, completed=done)
        yield lambda sentence: progress.update(task, advance=1, description=f"{title}: {sentence}")


@dataclass
class EpochReport:
    """Says one sentence an epoch; nnU-Net calls it as it calls every logger in its list.

    Attributes:
        epochs: How many there will be.
        labels: The names of the classes, in the network's order, background left out.
        say: Receives the sentence.
    """

    epochs: int
    labels: Sequence[str]
    say: Callable[[str], None]
    _values: dict[str, Any] = field(default_factory=dict)
    _started_s: float = field(default_factory=time.monotonic)

    def log(self, key: str, value: Any, step: int) -> None:
        """Take in a value of the epoch `step`; its end time is the last one."""
        self._values[key] = value
        if key == "epoch_end_timestamps":
            self.say(self._sentence(step))
            self._started_s = time.monotonic()

    def update_config(self, config: dict[str, Any]) -> None:
        """Take no notice of the configuration: nnU-Net's own log has it."""

    def log_summary(self, key: str, value: Any) -> None:
        """Take no notice of the final validation: nnU-Net's summary.json has it."""

    def _sentence(self, epoch: int) -> str:
        dice = {
            name: float(self._values[f"dice_per_class_or_region/class_{number}"])
            for number, name in enumerate(self.labels, start=1)
        }
        return (
            f"epoch {epoch + 1} of {self.epochs}, {time.monotonic() - self._started_s:.1f} s,"
            f" loss {self._values['train_losses']:.3f}, validation {self._values['val_losses']:.3f},"
            f" Dice {_in_words(dice)}"
        )


def _in_words(dice: Mapping[str, float]) -> str:
    """Name every structure and its Dice; of many structures the mean and the lowest."""
    by_dice = sorted((value, name) for name, value in dice.items() if isfinite(value))
    if len(dice) <= FEW or not by_dice:
        return ", ".join(f"{name} {value:.3f}" for name, value in dice.items())
    mean = sum(value for value, _ in by_dice) / len(by_dice)
    return f"{mean:.3f}, lowest {', '.join(f'{name} {value:.3f}' for value, name in by_dice[:FEW])}"
