"""Loaders of whole cases: those of the training each once an epoch, those of the validation in their order.

Only the training itself imports this module: nnU-Net takes seconds to import.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from nnunetv2.training.dataloading.data_loader import nnUNetDataLoader

from hnseg.errors import InputError


class _WholeCaseLoader(nnUNetDataLoader):  # type: ignore[misc]  # nnU-Net is untyped
    """Loader of nnU-Net's whose patches hold a whole case each; a smaller case lies in their middle."""

    def get_bbox(self, data_shape: Iterable[int], *_: Any, **__: Any) -> tuple[list[int], list[int]]:
        """Return the first voxel of a patch, and the one behind its last, in the voxels of a case.

        Args:
            data_shape: Size of the case, (z, y, x) in the order of the network's axes.
        """
        first = [(size - patch) // 2 for size, patch in zip(data_shape, self.patch_size, strict=True)]
        return first, [start + patch for start, patch in zip(first, self.patch_size, strict=True)]


class EachCaseOnce(_WholeCaseLoader):
    """Loader of training cases in an order that is drawn anew whenever all have come.

    The last batch of a round is smaller where the batch size does not divide the number of cases. The order is drawn
    from numpy's global generator, as all of nnU-Net's draws.
    """

    batch_size: int

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._largest_batch = self.batch_size
        self._left: list[str] = []

    def get_indices(self) -> list[str]:
        """Return the names of the next batch's cases."""
        if not self._left:
            self._left = np.random.permutation(self.indices).tolist()  # noqa: NPY002 (the generator that fit seeds)
        keys, self._left = self._left[: self._largest_batch], self._left[self._largest_batch :]
        self.batch_size = len(keys)  # by which nnU-Net makes the batch
        return keys


class CasesInOrder(_WholeCaseLoader):
    """Loader of one validation case after the other, from the first again when all have come."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._next = 0

    def get_indices(self) -> list[str]:
        """Return the name of the next case."""
        key = self.indices[self._next % len(self.indices)]
        self._next += 1
        return [key]


def check_whole_cases(trained: Any, validated: Any, patch_size: Iterable[int]) -> None:
    """Check that patches hold whole cases, and that the validation can tell one epoch from another.

    Args:
        trained: Data set of nnU-Net's with the training cases.
        validated: The same with the validation cases.
        patch_size: Size of a patch, in the order of the network's axes.

    Raises:
        InputError: A case is larger than a patch, or no validation case has any structure.
    """
    patch = tuple(patch_size)
    for name in [*trained.identifiers, *validated.identifiers]:
        size = validated.load_case(name)[0].shape[1:]
        if any(length > most for length, most in zip(size, patch, strict=True)):
            raise InputError(
                f"Epochs of whole cases need patches that hold them, but {name} has {_in_words(size)} voxels at the"
                f" plans' spacing, and a patch {_in_words(patch)}. Were the cases converted with a larger crop than"
                " the preset's?"
            )
    places = [validated.load_case(name)[3]["class_locations"] for name in validated.identifiers]
    if not any(len(voxels) for case in places for label, voxels in case.items() if _is_structure(label)):
        raise InputError(
            f"A validation must have a structure to find in one case at least, but none of its {len(places)} has any."
            " Does the crop cut all of them off? Convert with another --seed."
        )


def _is_structure(label: Any) -> bool:
    """Return whether a key of nnU-Net's places of labels is that of a structure, not that of all known voxels."""
    return not (isinstance(label, tuple) and -1 in label)


def _in_words(size: Iterable[int]) -> str:
    return " x ".join(map(str, size))
