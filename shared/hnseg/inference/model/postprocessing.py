"""Postprocessing of label maps as nnU-Net determines it: of some labels together, only the largest piece is kept.

`postprocessing.json` lies in the model folder. It has the form below, or is nnU-Net's own file of that name, which
`nnUNetv2_determine_postprocessing` and `nnUNetv2_find_best_configuration` write beside `postprocessing.pkl`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from hnseg.errors import ModelError
from hnseg.inference.model.nnunet_plans import Dataset, read_json
from hnseg.records import Frozen, first_problem

Label = Annotated[int, Field(ge=1, le=65_535)]
FUNCTION = "remove_all_but_largest_component_from_segmentation"
"""Name of the only function that nnU-Net 2.8.1 determines (`nnunetv2.postprocessing.remove_connected_components`)."""
_FUNCTIONS, _ARGUMENTS = "postprocessing_fns", "postprocessing_kwargs"
_LABELS, _BACKGROUND = "labels_or_regions", "background_label"


class KeepLargest(Frozen):
    """Step that keeps the largest piece of some labels together, of equally large ones all; the rest is dropped."""

    labels: tuple[Label, ...] = Field(min_length=1)
    """Values in the label map whose voxels are joined: a label, a region, or several of them."""


class Postprocessing(Frozen):
    """Content of `postprocessing.json`: steps, one after another."""

    format: Literal["hnseg-postprocessing-1"] = "hnseg-postprocessing-1"
    keep_largest: tuple[KeepLargest, ...] = ()

    def text(self) -> str:
        """Return the content of the file."""
        return self.model_dump_json(indent=2) + "\n"


NO_POSTPROCESSING = Postprocessing()
"""Postprocessing that leaves label maps as they are."""


def read_postprocessing(path: Path, dataset: Dataset | None = None) -> Postprocessing:
    """Read `postprocessing.json`, in the form of this module or nnU-Net's own.

    Args:
        path: The file.
        dataset: Labels that the steps must be of; None where they are not known.

    Raises:
        ModelError: It is missing, has another form, or names a label that the model does not have.
    """
    content = read_json(path)
    if isinstance(content, dict) and _FUNCTIONS in content:
        postprocessing = postprocessing_of(content[_FUNCTIONS], content.get(_ARGUMENTS), path)
    else:
        try:
            postprocessing = Postprocessing.model_validate(content)
        except ValidationError as error:
            raise _unknown(path, first_problem(error)) from error
    if dataset is not None:
        check_labels(postprocessing, dataset, path)
    return postprocessing


def postprocessing_of(functions: Any, arguments: Any, path: Path) -> Postprocessing:
    """Return the postprocessing that nnU-Net's functions and their arguments describe.

    A label, a region and a list of either come to the same: nnU-Net joins the voxels of all their values.

    Args:
        functions: Names of the functions, in order.
        arguments: Keyword arguments of each.
        path: File that they were read from, named in errors.

    Raises:
        ModelError: A function is none that is known here, or has other arguments.
    """
    if not isinstance(functions, Sequence) or not isinstance(arguments, Sequence) or len(functions) != len(arguments):
        raise _unknown(path, "it has not one set of arguments for each function")
    for function, given in zip(functions, arguments, strict=True):
        if function != FUNCTION:
            raise _unknown(path, f"it names the function {str(function)[:100]}")
        if not _has_labels_alone(given):
            raise _unknown(path, f"{FUNCTION} has other arguments there than {_LABELS}")
    try:
        steps = [KeepLargest(labels=tuple(_flat(given[_LABELS]))) for given in arguments]
    except ValidationError as error:
        raise _unknown(path, first_problem(error)) from error
    return Postprocessing(keep_largest=tuple(steps))


def check_labels(postprocessing: Postprocessing, dataset: Dataset, path: Path) -> None:
    """Refuse steps of labels that a model does not have.

    Raises:
        ModelError: The sentence names the first of them.
    """
    known = dataset.label_values - {0}
    for step in postprocessing.keep_largest:
        if unknown := [label for label in step.labels if label not in known]:
            raise ModelError(
                f"The postprocessing in {path} must be of the model's labels ({', '.join(map(str, sorted(known)))}),"
                f" but names {unknown[0]}. Is it that of another model?"
            )


def _has_labels_alone(arguments: Any) -> bool:
    """Return whether a function's arguments are labels, and no background but 0."""
    if not isinstance(arguments, Mapping) or _LABELS not in arguments:
        return False
    return arguments.keys() <= {_LABELS, _BACKGROUND} and arguments.get(_BACKGROUND, 0) == 0


def _flat(labels: Any) -> list[Any]:
    if not isinstance(labels, list | tuple):
        return [labels]
    return list(
        dict.fromkeys(label for each in labels for label in (each if isinstance(each, list | tuple) else [each]))
    )


def _unknown(path: Path, reason: str) -> ModelError:
    return ModelError(
        f"{path} must hold the postprocessing of nnU-Net, which keeps the largest piece of some labels, but {reason}."
        " Was it written by another program or another version of nnU-Net?"
    )
