"""Changes to model folders: nnU-Net's result folder and exported bundles."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from hnseg.imaging.files.checksum import sha256_of


def change(path: Path, edit: Callable[[Any], object]) -> None:
    """Edit a JSON file in place."""
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))


def change_configuration(folder: Path, **values: Any) -> None:
    """Change values of the plans' configuration 3d_fullres."""
    change(folder / "plans.json", lambda plans: plans["configurations"]["3d_fullres"].update(values))


def change_architecture(folder: Path, **values: Any) -> None:
    """Change values of the network in the plans' configuration 3d_fullres."""
    change(
        folder / "plans.json",
        lambda plans: plans["configurations"]["3d_fullres"]["architecture"].update(values),
    )


def change_checkpoint(path: Path, edit: Callable[[Any], object]) -> None:
    """Edit an nnU-Net checkpoint in place."""
    content = torch.load(path, weights_only=False)
    edit(content)
    torch.save(content, path)


def first_weights(folder: Path) -> Path:
    """Return the checkpoint of a result folder's first fold."""
    return folder / "fold_0" / "checkpoint_final.pth"


def renew_checksums(folder: Path) -> None:
    """Bring the manifest's checksums up to date, of the files that it lists."""

    def renew(manifest: dict[str, Any]) -> None:
        manifest["sha256"] = {name: sha256_of(folder / name) for name in manifest["sha256"]}

    change(folder / "manifest.json", renew)
