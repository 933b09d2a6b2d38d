"""Origin of a label map: the program and the model that made it, as files of DICOM record them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hnseg.errors import InputError
from hnseg.version import __version__

RESEARCH_USE = "For research use only, not for diagnosis or treatment."
"""Sentence in the description of everything that is written."""

WRITER = "hnseg"
WRITER_VERSION = __version__

_LONGEST = 64  # characters of a DICOM LO


@dataclass(frozen=True)
class Origin:
    """Origin of a label map.

    Attributes:
        program: Name of the program that made the label map; empty where it is not known.
        version: Its version, in the same way.
        model_sha256: SHA-256 of the model, 64 hexadecimal digits, in the same way.
    """

    program: str = ""
    version: str = ""
    model_sha256: str = ""

    def __post_init__(self) -> None:
        """Refuse what DICOM's elements can't hold."""
        for option, text in (("--program", self.program), ("--program-version", self.version)):
            if len(text) > _LONGEST or not text.isascii() or not text.isprintable() or "\\" in text:
                raise InputError(f"{option} must have at most {_LONGEST} characters, in ASCII and without a backslash.")
        if self.model_sha256 and not re.fullmatch(r"[0-9a-fA-F]{64}", self.model_sha256):
            raise InputError(
                "--model-sha256 must have 64 hexadecimal digits, but has other characters or another length."
            )

    @property
    def in_words(self) -> str:
        """Program, version and model in words, without a full stop."""
        program = f"{self.program} {self.version}".strip() or "a program that is not known"
        return f"{program}{f', model sha256 {self.model_sha256.lower()}' * bool(self.model_sha256)}"
