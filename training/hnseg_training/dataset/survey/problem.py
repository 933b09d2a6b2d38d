"""Problems of public data, gathered where the first would otherwise be raised."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from hnseg.errors import InputError
from hnseg.printable import printable

T = TypeVar("T")


@dataclass(frozen=True)
class Problem:
    """Problem of a patient's files, or of the whole data.

    Attributes:
        patient: Name of the patient, who may be left out; empty for a problem that no patient alone has.
        sentence: Sentence on what must hold, what was found, in which file, and the likely cause.
    """

    patient: str
    sentence: str

    @property
    def line(self) -> str:
        """Patient and sentence on one printable line."""
        return printable(f"{self.patient}: {self.sentence}" if self.patient else self.sentence)


class Refusals:
    """Sentences of the checks that refuse, in their order.

    Attributes:
        sentences: Sentences so far.
    """

    def __init__(self) -> None:
        self.sentences: list[str] = []

    def result_of(self, check: Callable[[], T]) -> T | None:
        """Return the result of a check or a reader; None where it refuses, whose sentence is kept."""
        try:
            return check()
        except InputError as error:
            self.sentences.append(str(error))
            return None
