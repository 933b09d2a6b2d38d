"""Progress of long work: a bar on a terminal, a log line an event elsewhere."""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

logger = logging.getLogger(__name__)

T = TypeVar("T")

FEW = 3  # structures that are named on one line
_EVERY_S = 15.0


def on_terminal() -> bool:
    """Return whether stderr is a terminal, where bars can be drawn."""
    return sys.stderr.isatty()


@contextlib.contextmanager
def stdout_to(log: Path) -> Iterator[None]:
    """Append nnU-Net's and all other prints to a file until the block ends; bars and earlier log handlers stay."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file, contextlib.redirect_stdout(file):
        yield


def tracked(items: Iterable[T], *, total: int, title: str) -> Iterator[T]:
    """Yield the items, with the number done as the progress: a bar, or a line each tenth and each 15 s."""
    if on_terminal():
        with bar(title, total=total) as advance:
            for number, item in enumerate(items, start=1):
                yield item
                advance(f"{number} of {total} done")
        return
    lines = _Lines(title, total)
    for item in items:
        yield item
        lines.advance()


class _Lines:
    """Lines of the log on the progress of many items."""

    def __init__(self, title: str, total: int) -> None:
        self._title = title
        self._total = total
        self._done = 0
        self._started_s = self._told_s = time.monotonic()

    def advance(self) -> None:
        """Count an item, and write a line where a tenth of them is done or the last line is long ago."""
        self._done += 1
        now_s = time.monotonic()
        is_tenth = self._done * 10 // self._total != (self._done - 1) * 10 // self._total
        if is_tenth or now_s - self._told_s >= _EVERY_S:
            self._told_s = now_s
            left_s = (now_s - self._started_s) / self._done * (self._total - self._done)
            end = f", about {timedelta(seconds=round(left_s))} left" if self._done < self._total else ""
            logger.info("%s: %d of %d done%s", self._title, self._done, self._total, end)


@contextlib.contextmanager
def bar(title: str, *, total: int, done: int = 0) -> Iterator[Callable[[str], None]]:
    """Yield a function that takes a sentence on a step that is done, and counts it.

    Args:
        title: Title of the work.
        total: Number of steps.
        done: Number of steps that were done before.
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
    """Logger of nnU-Net's that reports each epoch in one sentence.

    Attributes:
        epochs: Number of epochs in all.
        labels: Names of the classes, in the network's order, background left out.
        report: Function that receives the sentence.
    """

    epochs: int
    labels: Sequence[str]
    report: Callable[[str], None]
    _values: dict[str, Any] = field(default_factory=dict)
    _started_s: float = field(default_factory=time.monotonic)

    def log(self, key: str, value: Any, step: int) -> None:
        """Keep a value of the epoch `step`; its end time is the last one."""
        self._values[key] = value
        if key == "epoch_end_timestamps":
            self.report(self._sentence(step))
            self._started_s = time.monotonic()

    def update_config(self, config: dict[str, Any]) -> None:
        """Ignore the configuration: nnU-Net's own log has it."""

    def log_summary(self, key: str, value: Any) -> None:
        """Ignore the final validation: nnU-Net's summary.json has it."""

    def _sentence(self, epoch: int) -> str:
        """Return the time, losses and Dice of an epoch in words."""
        dice = {
            name: float(self._values[f"dice_per_class_or_region/class_{number}"])
            for number, name in enumerate(self.labels, start=1)
        }
        return (
            f"epoch {epoch + 1} of {self.epochs}, {time.monotonic() - self._started_s:.1f} s,"
            f" loss {self._values['train_losses']:.3f}, validation {self._values['val_losses']:.3f},"
            f" DSC {_in_words(dice)}"
        )


def _in_words(dice: Mapping[str, float]) -> str:
    """Return every structure with its Dice in words; of many structures the mean and the lowest."""
    by_dice = sorted((value, name) for name, value in dice.items() if isfinite(value))
    if len(dice) <= FEW or not by_dice:
        return ", ".join(f"{name} {value:.3f}" for name, value in dice.items())
    mean = sum(value for value, _ in by_dice) / len(by_dice)
    return f"{mean:.3f}, lowest {', '.join(f'{name} {value:.3f}' for value, name in by_dice[:FEW])}"
