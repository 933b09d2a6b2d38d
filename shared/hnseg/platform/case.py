"""One case: the images and values that one job of the platform gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import SimpleITK as sitk


@dataclass(frozen=True)
class Case:
    """The images of one job, checked, and its values as they are.

    Attributes:
        images: The image of each socket that was there, by slug.
        reference: The image whose geometry the output takes over.
        files: The file each image and each value came from, by slug.
        left_out: Why the image of a dispensable socket, or a value, can't be used, by slug: a sentence.
        values: What is in each JSON file that was there and could be read, by slug; nothing in it is checked.
        asked: The slugs of the answers that are wanted beside the label map.
    """

    images: Mapping[str, sitk.Image]
    reference: sitk.Image
    files: Mapping[str, Path]
    left_out: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    asked: tuple[str, ...] = ()

    def has(self, *slugs: str) -> bool:
        """Say whether every one of these images was there."""
        return all(slug in self.images for slug in slugs)
