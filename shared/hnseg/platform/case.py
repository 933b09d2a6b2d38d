"""One case: the images that one job of the platform gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import SimpleITK as sitk


@dataclass(frozen=True)
class Case:
    """The images of one job, checked.

    Attributes:
        images: The image of each socket that was there, by slug.
        reference: The image whose geometry the output takes over.
        files: The file each image came from, by slug.
        left_out: Why the image of a dispensable socket can't be used, by slug: a sentence.
    """

    images: Mapping[str, sitk.Image]
    reference: sitk.Image
    files: Mapping[str, Path]
    left_out: Mapping[str, str] = field(default_factory=dict)

    def has(self, *slugs: str) -> bool:
        """Say whether every one of these sockets was there."""
        return all(slug in self.images for slug in slugs)
