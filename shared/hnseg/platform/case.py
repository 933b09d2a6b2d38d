"""Case: the images and values of one job of the platform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import SimpleITK as sitk


@dataclass(frozen=True)
class Case:
    """Images of one job, checked, and its values as they are.

    Attributes:
        images: Images by the slug of their socket, of those sockets that had one.
        reference: Image whose geometry the output takes over.
        files: Files of the images and values, by slug.
        left_out: Reasons why an image of a dispensable socket, or a value, can't be used, by slug: a sentence each.
        values: Parsed contents of the JSON files, by slug, of those that could be read; nothing in them is checked.
        notes: Remarks on what was forgiven in reading: a sentence each.
        asked: Slugs of the answers that are wanted beside the label map.
    """

    images: Mapping[str, sitk.Image]
    reference: sitk.Image
    files: Mapping[str, Path]
    left_out: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()

    def has(self, *slugs: str) -> bool:
        """Return whether the case has an image for every one of these slugs."""
        return all(slug in self.images for slug in slugs)
