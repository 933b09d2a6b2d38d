"""Challenges, each with a case that runs in seconds, and a model of random weights that its container takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support import small_case, small_han_seg, small_hecktor, small_hn_uiseg, small_recurrence

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, eq=False)  # each is the only one of its name, and can be a key
class SmallChallenge:
    """Challenge with a small case and a small model.

    Attributes:
        name: Name of the challenge's folder.
        write_case: Function that writes the good case into an input folder and returns the folder.
        write_reference: Function that writes the expected output into an `expected` folder, for the case of an input
            folder.
        output_file: Image that the container must write, relative to the output folder.
        model: Arguments of `make_model` beyond its defaults.
        answer_files: Values that the container must write beside it.
        map_files: Maps that it must write beside it.
        settings: Content of the model's `method.json`; empty for the defaults.
    """

    name: str
    write_case: Callable[[Path], Path]
    write_reference: Callable[[Path, Path], None]
    output_file: str
    model: Mapping[str, Any] = field(default_factory=dict)
    answer_files: tuple[str, ...] = ()
    map_files: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def container_dir(self) -> Path:
        """Folder of the challenge."""
        return ROOT / "containers" / self.name

    @property
    def output_files(self) -> list[str]:
        """Files that the container must write, sorted."""
        return sorted((self.output_file, *self.map_files, *self.answer_files))


HNTS_MRG = SmallChallenge("hnts_mrg", small_case.write_small_case, small_case.write_reference, small_case.OUTPUT_FILE)
HAN_SEG = SmallChallenge(
    "han_seg",
    small_han_seg.write_small_case,
    small_han_seg.write_reference,
    small_han_seg.OUTPUT_FILE,
    small_han_seg.MODEL,
)
HECKTOR = SmallChallenge(
    "hecktor",
    small_hecktor.write_small_case,
    small_hecktor.write_reference,
    small_hecktor.OUTPUT_FILE,
    small_hecktor.MODEL,
    small_hecktor.ANSWER_FILES,
    settings=small_hecktor.SETTINGS,
)
HN_UISEG = SmallChallenge(
    "hn_uiseg",
    small_hn_uiseg.write_small_case,
    small_hn_uiseg.write_reference,
    small_hn_uiseg.OUTPUT_FILE,
    small_hn_uiseg.MODEL,
    map_files=(small_hn_uiseg.ENTROPY_FILE,),
)
RECURRENCE = SmallChallenge(
    "recurrence",
    small_recurrence.write_small_case,
    small_recurrence.write_reference,
    small_recurrence.OUTPUT_FILE,
    small_recurrence.MODEL,
    map_files=(small_recurrence.PROBABILITY_FILE,),
    settings=small_recurrence.SETTINGS,
)
CHALLENGES = (HNTS_MRG, HAN_SEG, HECKTOR, HN_UISEG, RECURRENCE)
