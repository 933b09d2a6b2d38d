"""Tiny volumes, and the good case of each challenge that is made of them: what every input is changed from."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from hnseg.platform.spec import ChallengeSpec

OBLIQUE = (0.8, 0.6, 0.0, -0.6, 0.8, 0.0, 0.0, 0.0, 1.0)
"""Directions of the axes as the columns of a matrix, row by row: a turn about z."""
UPRIGHT = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


@dataclass(frozen=True, eq=False)
class Volume:
    """Voxels (z, y, x) and their place: spacing and origin in mm, direction row by row, all (x, y, z) in LPS."""

    array: np.ndarray
    spacing: tuple[float, ...] = (1.0, 1.0, 1.0)
    origin: tuple[float, ...] = (0.0, 0.0, 0.0)
    direction: tuple[float, ...] = UPRIGHT

    @property
    def size(self) -> tuple[int, ...]:
        """Number of voxels along each axis, (x, y, z)."""
        return self.array.shape[::-1]


@dataclass(frozen=True, eq=False)
class GoodCase:
    """Case that its container segments, and how.

    Attributes:
        challenge: Name of the challenge's folder.
        volumes: Volumes by the slug of their socket.
        files: Contents of other files, by their path in the input folder.
        model: Labels, channels, patch and spacing of the model, as `tests.support.nnunet_oracle.Wanted` has them.
        settings: Content of the model's `method.json`, of the cheapest method.
    """

    challenge: str
    volumes: Mapping[str, Volume]
    model: Mapping[str, Any]
    settings: Mapping[str, Any]
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def spec(self) -> ChallengeSpec:
        """Description of the challenge's sockets."""
        return spec_of(self.challenge)

    def folder_of(self, slug: str) -> Path:
        """Return the folder of an image, relative to the input folder."""
        return Path(self.spec.input(slug).relative_path)


@cache
def spec_of(challenge: str) -> ChallengeSpec:
    """Return the description of a challenge's sockets."""
    spec: ChallengeSpec = importlib.import_module(f"containers.{challenge}.spec").SPEC
    return spec


@cache
def good_cases() -> tuple[GoodCase, ...]:
    """Return the good case of each challenge."""
    return _hnts_mrg(), _han_seg(), _hecktor()


def _hnts_mrg() -> GoodCase:
    from containers.hnts_mrg.spec import MID_T2W, REGISTERED_MASK, REGISTERED_T2W

    rng = np.random.default_rng(1)
    prior = np.zeros((6, 16, 16), np.uint8)
    prior[1:4, 2:7, 2:7] = 1
    prior[2:5, 9:14, 9:15] = 2
    t2w = (rng.normal(300, 30, prior.shape) + 400 * (prior > 0)).astype(np.int16)
    place = {"spacing": (1.0, 1.0, 2.0), "origin": (-61.7, -101.3, 1 / 3), "direction": OBLIQUE}
    return GoodCase(
        "hnts_mrg",
        {
            MID_T2W: Volume(t2w, **place),
            REGISTERED_MASK: Volume(prior, **place),
            REGISTERED_T2W: Volume((t2w * 0.9).astype(np.float32), **place),
        },
        {
            "labels": {"background": 0, "GTVp": 1, "GTVn": 2},
            "channel_names": ["T2w", "noNorm"],
            "spacing_mm": (2, 1, 1),
        },
        {"gradient_channel": True},
    )


def _ct(shape_zyx: tuple[int, int, int], seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    ct = np.full(shape_zyx, -1000, np.int16)
    ct[:, 3:-3, 3:-3] = rng.normal(40, 10, ct[:, 3:-3, 3:-3].shape)
    return ct


def _han_seg() -> GoodCase:
    from containers.han_seg.spec import CT, LABELS, T1

    mr = np.random.default_rng(2).normal(200, 20, (7, 12, 14)).astype(np.int16)
    return GoodCase(
        "han_seg",
        {
            CT: Volume(_ct((8, 16, 16), 3), (6.0, 6.0, 6.0), (-48.0, -48.0, -20 + 1 / 3)),
            T1: Volume(mr, (7.0, 7.0, 6.0), (-50.0, -44.0, -20.0), OBLIQUE),
        },
        {
            "labels": {"background": 0, **{name: label for label, name in LABELS.items()}},
            "channel_names": ["CT", "noNorm"],
            "spacing_mm": (6, 6, 6),
        },
        {"alignment": "none"},
    )


def _hecktor() -> GoodCase:
    from containers.hecktor.spec import CT, PET
    from tests.support.small_hecktor import EHR_FILE, OUTCOMES, RECORD

    pet = np.random.default_rng(4).uniform(0.4, 1.2, (8, 11, 12)).astype(np.float32)
    pet[3:5, 5:7, 5:7] = 9.0
    return GoodCase(
        "hecktor",
        {
            CT: Volume(_ct((8, 15, 16), 5), (6.0, 6.0, 6.0), (-48.0, -45.0, 5.0)),
            PET: Volume(pet, (8.0, 8.0, 6.5), (-46.0, -43.0, 6.0)),
        },
        {"labels": {"background": 0, "GTVp": 1, "GTVn": 2}, "channel_names": ["CT", "noNorm"], "spacing_mm": (6, 6, 6)},
        {"outcomes": OUTCOMES.model_dump(mode="json")},
        {EHR_FILE: RECORD.encode()},
    )
