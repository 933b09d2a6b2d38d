"""Network of a fold, built by the trainer that trained it, as nnU-Net's own predictor does.

Only here, on the machine of whoever trained it, does code of a user's run.
"""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from hnseg.errors import InputError, ModelError
from hnseg.inference.model.manifest import DATASET_FILE, PLANS_FILE
from hnseg.inference.model.weights import StateDict
from hnseg_training.dataset.work_folder import read_json

_MODULE = "hnseg_trainer_of_the_user"


@dataclass(frozen=True)
class TrainerCode:
    """Code that trained folds and builds their network.

    Attributes:
        name: Name of the trainer's class, such as nnUNet_Primus_S_Trainer.
        path: Python file, or folder that is searched for the class; None for nnU-Net's own trainers and those that its
            variable nnUNet_extTrainer names.
    """

    name: str
    path: Path | None = None

    def network(self, results: Path, configuration: str) -> nn.Module:
        """Build the network of a result folder, with one output at full resolution and first weights of its own.

        Args:
            results: nnU-Net's result folder, whose plans and data set it is built from.
            configuration: Configuration of the plans, such as 3d_fullres.

        Raises:
            InputError: There is no such class, or its file can't be imported.
            ModelError: It can't build the network.
        """
        from nnunetv2.utilities.label_handling.label_handling import determine_num_input_channels
        from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

        trainer = self.find()
        plans = PlansManager(read_json(results / PLANS_FILE))
        dataset = read_json(results / DATASET_FILE)
        chosen = plans.get_configuration(configuration)
        channels = determine_num_input_channels(plans, chosen, dataset)
        outputs = plans.get_label_manager(dataset).num_segmentation_heads
        is_new = "plans_manager" in inspect.signature(trainer.build_network_architecture).parameters
        described = (
            (plans, chosen)
            if is_new
            else (
                chosen.network_arch_class_name,
                chosen.network_arch_init_kwargs,
                chosen.network_arch_init_kwargs_req_import,
            )
        )
        try:
            network = trainer.build_network_architecture(*described, channels, outputs, enable_deep_supervision=False)
        except Exception as error:
            raise ModelError(
                f"{self.name} must build the network of {results}, but it ended with {type(error).__name__}: {error}."
                " Was it trained by another version of this code, or does the patch not suit the network?"
            ) from error
        return _checked(network, self.name).eval().requires_grad_(requires_grad=False)

    def find(self) -> Any:
        """Return the trainer's class.

        Raises:
            InputError: There is none of its name, or its file can't be imported.
        """
        try:
            found = self._stock() if self.path is None else self._in(self.path)
        except Exception as error:
            where = self.path or "nnU-Net's own trainers and nnUNet_extTrainer"
            raise InputError(
                f"The trainer {self.name} must be found in {where}, but the search ended with {type(error).__name__}:"
                f" {error}. Does the code need a package that is not installed? --trainer-path names your own code."
            ) from error
        if not hasattr(found, "build_network_architecture"):
            raise InputError(
                f"{self.path} must hold a trainer {self.name} with build_network_architecture, but holds none."
                " Is it in another file, or has it another name?"
            )
        return found

    def _stock(self) -> Any:
        from nnunetv2.utilities.find_objects import recursive_find_trainer_class_by_name

        return recursive_find_trainer_class_by_name(self.name)

    def _in(self, path: Path) -> Any:
        """Return the class of this name in a file, or in the first file of a folder that has one; None without."""
        if path.is_file():
            return getattr(_imported(path), self.name, None)
        from nnunetv2.utilities.find_class_by_name import recursive_find_python_class

        with _on_path(path):
            return recursive_find_python_class(str(path), self.name, None, base_folder=str(path))


def put_trained_weights(network: nn.Module, weights: StateDict, path: Path) -> None:
    """Give a network a fold's weights, every one of which must be there.

    Args:
        network: Network as its trainer builds it.
        weights: Weights of the fold.
        path: File that they come from, named in errors.

    Raises:
        ModelError: They are not this network's, or not finite.
    """
    for name, tensor in weights.items():
        if not tensor.isfinite().all():
            raise ModelError(
                f"The weights in {path} must be finite numbers, but {name} holds NaN or infinite ones."
                " Did the training of this fold diverge? Leave it out, or train it again."
            )
    try:
        network.load_state_dict(dict(weights))
    except RuntimeError as error:
        raise ModelError(
            f"The weights in {path} must fit the network that the trainer builds, but don't:"
            f" {' '.join(str(error).split())} Was the fold trained by another trainer, or another version of it?"
        ) from error


def _checked(network: object, name: str) -> nn.Module:
    if not isinstance(network, nn.Module):
        raise ModelError(
            f"{name} must build a module of torch, but gives {type(network).__name__}."
            " Does its build_network_architecture return something else?"
        )
    return network


def _imported(path: Path) -> Any:
    """Import one Python file; what lies beside it can be imported by it."""
    spec = importlib.util.spec_from_file_location(_MODULE, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    with _on_path(path.parent):
        spec.loader.exec_module(module)
    return module


@contextmanager
def _on_path(folder: Path) -> Iterator[None]:
    """Let a folder's modules be imported by their names inside a `with`."""
    sys.path.insert(0, str(folder.resolve()))
    try:
        yield
    finally:
        sys.path.remove(str(folder.resolve()))
