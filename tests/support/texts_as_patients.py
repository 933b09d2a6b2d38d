"""Texts that stand in for patients, where a conversion itself is tested."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel


class Facts(BaseModel):
    """What is known of a converted text."""

    length: int


@dataclass(frozen=True)
class Text:
    """A file that counts as a patient."""

    path: Path

    @property
    def name(self):
        return self.path.stem

    @property
    def files(self):
        return [self.path]
