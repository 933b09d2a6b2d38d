"""Postprocessing that nnU-Net determined by cross-validation: found beside the folds, and read without running code.

`nnUNetv2_find_best_configuration` writes it as `postprocessing.pkl`, a pickle of functions by reference and their
arguments, in the folder `crossval_results_folds_0_1_2_3_4` of a result folder.
"""

from __future__ import annotations

import io
import logging
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hnseg.bounded_files import read_bounded
from hnseg.errors import ModelError
from hnseg.inference.model.manifest import POSTPROCESSING_FILE, Fold
from hnseg.inference.model.postprocessing import FUNCTION, Postprocessing, postprocessing_of, read_postprocessing

logger = logging.getLogger(__name__)

PICKLE = "postprocessing.pkl"
_OF_FOLDS = "crossval_results_folds_"
_MODULE = "nnunetv2.postprocessing.remove_connected_components"
_MOST_MIB = 1


def find_postprocessing(results: Path, folds: Sequence[Fold]) -> Path | None:
    """Return the file of the postprocessing that was determined on the validation cases of these folds.

    That of other folds is left alone, with a line in the log.

    Args:
        results: Result folder of nnU-Net.
        folds: Folds of the ensemble.
    """
    wanted = results / (_OF_FOLDS + "_".join(map(str, sorted(folds, key=str))))
    for name in (PICKLE, POSTPROCESSING_FILE):
        if (wanted / name).is_file():
            return wanted / name
    for other in sorted(results.glob(f"{_OF_FOLDS}*/{PICKLE}")):
        logger.info("%s is left out: it was determined on other folds. --postprocessing names it all the same.", other)
    return None


def read_determined(path: Path) -> Postprocessing:
    """Read a postprocessing from nnU-Net's `postprocessing.pkl`, or from `postprocessing.json`.

    Nothing in a pickle is run: of all that it may name, only nnU-Net's function and NumPy's integers have a meaning
    here, and each stands for a value.

    Raises:
        ModelError: It is missing, damaged, or names anything else.
    """
    if path.suffix == ".json":
        return read_postprocessing(path)
    try:
        content = _Reader(io.BytesIO(read_bounded(path, most_mib=_MOST_MIB))).load()
    except OSError as error:
        raise ModelError(f"A postprocessing must be a file, but {path} can't be read ({error.strerror}).") from error
    except pickle.UnpicklingError as error:
        raise _refused(path, str(error)) from error
    except Exception as error:  # a damaged pickle can end in an error of any kind
        raise _refused(path, "it is no complete pickle") from error
    if not isinstance(content, tuple) or len(content) != 2:
        raise _refused(path, "it has not two lists")
    return postprocessing_of(*content, path)


class _Reader(pickle.Unpickler):
    """Unpickler that knows nnU-Net's function by its name, NumPy's integers by their value, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        """Return what stands for a function or class of this name.

        Raises:
            UnpicklingError: It is another one.
        """
        if (module, name) == (_MODULE, FUNCTION):
            return FUNCTION
        if (module, name) in {("numpy.core.multiarray", "scalar"), ("numpy._core.multiarray", "scalar")}:
            return _integer
        if (module, name) == ("numpy", "dtype"):
            return _IntegerType
        if (module, name) == ("_codecs", "encode"):  # bytes, by protocols before 3
            return _latin_1
        raise pickle.UnpicklingError(f"it names {module}.{name}"[:200])


class _IntegerType:
    """Type of NumPy's integers: its code, such as i8, and its order of bytes."""

    def __init__(self, code: str, *_: Any) -> None:
        if code[:1] not in {"i", "u"}:
            raise pickle.UnpicklingError(f"it has numbers of NumPy's type {code[:20]}")
        self.is_signed = code[0] == "i"
        self.is_big = False

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        """Take the order of bytes."""
        self.is_big = state[1] == ">"


def _integer(kind: _IntegerType, content: bytes) -> int:
    """Return the value of one of NumPy's integers."""
    return int.from_bytes(content, "big" if kind.is_big else "little", signed=kind.is_signed)


def _latin_1(text: str, *_: str) -> bytes:
    return text.encode("latin-1")


def _refused(path: Path, reason: str) -> ModelError:
    return ModelError(
        f"{path} must hold functions of nnU-Net's postprocessing by name, and labels, but {reason}, so it was refused."
        " Was it written by another version of nnU-Net, or changed since?"
    )
