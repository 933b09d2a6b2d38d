"""Model folder of a rule: the settings of a method that needs no network, `method.json`, and nothing else.

Where a folder holds networks too, they are left unread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from hnseg.imaging.channels import check_model_channels
from hnseg.imaging.files.checksum import sha256_of
from hnseg.inference.model.manifest import METHOD_FILE, PLANS_FILE
from hnseg.inference.model.nnunet_plans import read_json
from hnseg.options import CheckpointName
from hnseg.platform.challenge import settings_in

if TYPE_CHECKING:
    from hnseg.inference.model.bundle_group import Model
    from hnseg.inference.model.structure_range import StructureRange
    from hnseg.platform.challenge import CountingMethod, Method
    from hnseg.rule.decision import DecidingMethod

_NO_OVERRIDE: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class RuleModel:
    """Settings of a method that needs no network, and the file that they come from.

    Attributes:
        folder: Model folder.
        settings: Content of `method.json`.
        sha256: Checksum of the file, by its name.
        structures: Ranges of the structures in training data; none, since there were no such data.
    """

    folder: Path
    settings: Mapping[str, Any]
    sha256: Mapping[str, str]
    structures: Mapping[str, StructureRange] = field(default_factory=dict)

    @property
    def sources(self) -> tuple[Path, ...]:
        """Folders that it was opened from: the one."""
        return (self.folder,)


def open_model(
    folders: Path | Sequence[Path],
    method: Method,
    *,
    override: Mapping[str, Any] = _NO_OVERRIDE,
    checkpoint: CheckpointName = "auto",
) -> Model | RuleModel:
    """Open a model folder: the settings of a rule where these ask for one, else the files of an ensemble.

    Args:
        folders: Model folder, or several whose probabilities are averaged; see `hnseg.inference.model.bundle_group`.
        method: Method of the challenge.
        override: Settings that replace those of the folder.
        checkpoint: Checkpoint of a result folder to use, as `hnseg.inference.model.bundle.open_bundle` takes it.

    Raises:
        ModelError: A folder can't be used, or has another number of channels than the method gives.
    """
    folders = [folders] if isinstance(folders, Path) else folders
    if len(folders) == 1 and (rule := open_rule(folders[0], method, override=override)) is not None:
        return rule
    # torch is imported here, not above: a rule should not wait for it.
    from hnseg.inference.model.bundle_group import open_models

    bundle = open_models(folders, checkpoint=checkpoint)
    settings = {**bundle.settings, **override}
    if hasattr(method, "channel_count"):  # known before the networks are loaded, which takes long
        count = cast("CountingMethod", method).channel_count(settings_in(method, settings, bundle.folder / METHOD_FILE))
        check_model_channels(count, bundle.image_channels, bundle.folder)
    return replace(bundle, settings=settings) if override else bundle


def open_rule(folder: Path, method: Method, *, override: Mapping[str, Any] = _NO_OVERRIDE) -> RuleModel | None:
    """Open a model folder whose settings ask for a rule; None where a network is needed.

    Args:
        folder: Model folder; without `method.json` the settings are the method's own.
        method: Method of the challenge, with rules or without.
        override: Settings that replace those of the file.

    Raises:
        ModelError: The file can't be read, or holds settings that the method does not have.
    """
    if not hasattr(method, "needs_network"):
        return None
    path = folder / METHOD_FILE
    has_file = path.is_file()
    if not has_file and any(folder.glob(f"*/{PLANS_FILE}")):
        return None  # several models, whose own settings count
    values = read_json(path) if has_file else {}
    if isinstance(values, dict):
        values |= override
    if cast("DecidingMethod", method).needs_network(settings_in(method, values, path)):
        return None
    return RuleModel(folder, values, {METHOD_FILE: sha256_of(path)} if has_file else {})
