"""Formats in which the outputs of a run can be written besides; nothing of DICOM is imported for their names."""

from __future__ import annotations

from enum import Enum

from hnseg.errors import InputError


class Format(str, Enum):
    """Format of an export."""

    RTSTRUCT = "rtstruct"
    SEG = "seg"
    NIFTI = "nifti"

    @property
    def needs_series(self) -> bool:
        """Whether it lies on the slices of a DICOM series."""
        return self is not Format.NIFTI


def formats_of(text: str) -> tuple[Format, ...]:
    """Return the formats of an option's text, such as "rtstruct,nifti", in their own order.

    Raises:
        InputError: A word is no format.

    >>> [each.value for each in formats_of("nifti, rtstruct")]
    ['rtstruct', 'nifti']
    """
    words = {word.strip().lower() for word in text.split(",") if word.strip()}
    known = {each.value for each in Format}
    if unknown := sorted(words - known):
        raise InputError(
            f"--write must name some of {', '.join(known_in_order())}, with commas between them, but {unknown[0]!r} is"
            " none of them. Is it misspelt?"
        )
    return tuple(each for each in Format if each.value in words)


def known_in_order() -> list[str]:
    """Return the names of the formats."""
    return [each.value for each in Format]
