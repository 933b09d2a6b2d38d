"""Changes to exported bundles, with a manifest that lists the files as they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hnseg.imaging.files.checksum import sha256_of
from hnseg.inference.model.bundle import open_bundle


def seal(folder: Path) -> None:
    """Make the manifest list every file as it is."""
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["sha256"] = {path.name: sha256_of(path) for path in folder.iterdir() if path.name != "manifest.json"}
    (folder / "manifest.json").write_text(json.dumps(manifest))


def change_arguments(folder: Path, **arguments: Any) -> None:
    """Change arguments of the network in the plans, and seal the bundle."""
    plans = json.loads((folder / "plans.json").read_text())
    plans["configurations"]["3d_fullres"]["architecture"]["arch_kwargs"].update(arguments)
    (folder / "plans.json").write_text(json.dumps(plans))
    seal(folder)


def ship_graph(folder: Path, model: Path | None = None) -> None:
    """Put the OpenVINO graph of a model, by default its own, into a bundle, and seal it."""
    from hnseg.inference.backends.openvino_graph import convert, save

    save(convert(open_bundle(model or folder)), folder)
    seal(folder)
