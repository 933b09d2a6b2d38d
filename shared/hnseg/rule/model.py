"""Model folder of a rule: the settings of a method that needs no network, `method.json`, and nothing else.

Where a folder holds networks too, they are left unread.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from hnseg.imaging.files.checksum import sha256_of
from hnseg.inference.model.manifest import METHOD_FILE
from hnseg.inference.model.nnunet_plans import read_json
from hnseg.options import CheckpointName
from hnseg.platform.challenge import settings_in

if TYPE_CHECKING:
    from hnseg.inference.model.bundle import Bundle
    from hnseg.inference.model.structure_range import StructureRange
    from hnseg.platform.challenge import Method
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


def open_model(
    folder: Path,
    method: Method,
    *,
    override: Mapping[str, Any] = _NO_OVERRIDE,
    checkpoint: CheckpointName = "auto",
) -> Bundle | RuleModel:
    """Open a model folder: the settings of a rule where these ask for one, else the files of an ensemble.

    Args:
        folder: Model folder.
        method: Method of the challenge.
        override: Settings that replace those of the folder.
        checkpoint: Checkpoint of a result folder to use, as `hnseg.inference.model.bundle.open_bundle` takes it.

    Raises:
        ModelError: The folder can't be used.
    """
    if (rule := open_rule(folder, method, override=override)) is not None:
        return rule
    # torch is imported here, not above: a rule should not wait for it.
    from hnseg.inference.model.bundle import open_bundle

    bundle = open_bundle(folder, checkpoint=checkpoint)
    return replace(bundle, settings={**bundle.settings, **override}) if override else bundle


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
    values = read_json(path) if has_file else {}
    if isinstance(values, dict):
        values |= override
    if cast("DecidingMethod", method).needs_network(settings_in(method, values, path)):
        return None
    return RuleModel(folder, values, {METHOD_FILE: sha256_of(path)} if has_file else {})
