"""Files of probabilities: an image a class or region, float32, on the image's grid, all of them written or none.

`probability_<label>.nii.gz` holds the softmax over the classes, the background's too, or the sigmoid of a region. They
are filled plane by plane in one temporary file, which is mapped into memory, so that RAM holds one class at a time.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from hnseg.imaging.files.output_files import Output, OutputFiles, write_image
from hnseg.imaging.geometry import Grid, image_of

Mapped = np.memmap[Any, Any]
_TEMPORARY = "probabilities.float32"


def probability_outputs(folder: Path, names: Sequence[str]) -> tuple[Output, ...]:
    """Return the files of probabilities to be written to a folder.

    Args:
        folder: Folder that receives them.
        names: Name of each class or region, in the order of the network's outputs.
    """
    promise = f"Probabilities must be written to {folder}"
    return tuple(Output(_option(name), folder / name, promise) for name in _file_names(names))


@dataclass
class ProbabilityFiles:
    """Files of probabilities among those of a verb, and the array that is written to them.

    Attributes:
        files: Files of the verb.
        names: Name of each class or region, in the order of the network's outputs.
    """

    files: OutputFiles
    names: Sequence[str]
    _array: Mapped | None = field(default=None, init=False)

    @property
    def are_asked_for(self) -> bool:
        """Whether `probability_outputs` are among the files of the verb."""
        return self.files.has(self._options[0])

    def mapped(self, shape: Sequence[int]) -> Mapped | None:
        """Return an array (k, z, y, x), float32, in a temporary file beside the others; None where none are asked for.

        The disk has room for it from now on, since a page without would end the process when it is written.

        Raises:
            OutputError: The file can't be made, or there is no space for it.
        """
        self._array = self.files.write(self._options[0], lambda path: _mapped_file(path.with_name(_TEMPORARY), shape))
        return self._array

    def write(self, grid: Grid) -> None:
        """Write the provisional files, and remove the temporary one.

        Args:
            grid: Grid of the image.

        Raises:
            OutputError: Writing failed.
        """
        if self._array is None:
            return
        for probabilities, option in zip(self._array, self._options, strict=True):
            self.files.write(option, partial(write_image, image_of(np.array(probabilities), grid)))
        Path(str(self._array.filename)).unlink()
        self._array = None

    @property
    def _options(self) -> list[str]:
        return [_option(name) for name in _file_names(self.names)]


def _mapped_file(path: Path, shape: Sequence[int]) -> Mapped:
    with path.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, prod(shape) * np.dtype(np.float32).itemsize)
    return np.memmap(path, np.float32, "r+", shape=tuple(shape))


def _file_names(names: Sequence[str]) -> list[str]:
    """Return a file's name for each output; what a file can't be called has underscores, and a number if need be."""
    plain = [re.sub(r"[^\w.+-]", "_", name) for name in names]
    count = Counter(name.lower() for name in plain)
    distinct = [name if count[name.lower()] == 1 else f"{name}_{output}" for output, name in enumerate(plain)]
    return [f"probability_{name}.nii.gz" for name in distinct]


def _option(name: str) -> str:
    return f"--probabilities ({name})"
