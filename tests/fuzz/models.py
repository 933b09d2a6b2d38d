"""Model folders: exported bundles and nnU-Net's result folders with changed JSON, weights and files."""

from __future__ import annotations

import json
import os
import random
import shutil
import struct
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hnseg.imaging.files.checksum import sha256_of
from tests.fuzz.cases import write_good
from tests.fuzz.formats.streams import change_bytes
from tests.fuzz.trial import Trial, Verdict, judge, run_forked
from tests.fuzz.values import change_json
from tests.fuzz.volumes import good_cases

_TEXTS = ("plans.json", "plans.json", "plans.json", "dataset.json", "method.json")
_WEIGHTS = "fold_0.safetensors"
_CHECKPOINT = "fold_0/checkpoint_final.pth"


class _Executed:
    """Object whose unpickling would make a file: a checkpoint must never be unpickled without care."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


def _bundle_json(rng: random.Random, model: Path) -> None:
    name = rng.choice((*_TEXTS, "manifest.json"))
    _change_json(rng, model / name)
    if name != "manifest.json" and rng.random() < 0.9:
        _seal(model)


def _results_json(rng: random.Random, model: Path) -> None:
    _change_json(rng, model / rng.choice(_TEXTS))


def _bytes(rng: random.Random, model: Path) -> None:
    path = model / rng.choice((*_TEXTS, "manifest.json", _WEIGHTS, _WEIGHTS))
    path.write_bytes(change_bytes(rng, path.read_bytes()))
    if rng.random() < 0.7 and path.name != "manifest.json":
        _seal(model)


def _weights(rng: random.Random, model: Path) -> None:
    """Change the header of the weights: names, types, shapes and offsets of tensors."""
    path = model / _WEIGHTS
    data = path.read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    for _ in range(rng.choice((1, 1, 2))):
        header = change_json(rng, header)
    if isinstance(header, dict) and rng.random() < 0.3:
        tensor = header.get(rng.choice(list(header) or [""]))
        if isinstance(tensor, dict):
            tensor["dtype"] = rng.choice(("F16", "BF16", "F64", "I64", "I8", "BOOL", "U8", "F8_E4M3", "C64", "X"))
    text = json.dumps(header).encode()
    said = rng.choice((len(text), len(text), len(text), len(text) - 1, 0, 2**62))
    path.write_bytes(struct.pack("<Q", said) + text + data[8 + length :])
    _seal(model)


def _checkpoint(rng: random.Random, model: Path) -> None:
    """Change the content of a checkpoint, the way it is saved, or its bytes."""
    import torch

    path = model / _CHECKPOINT
    how = rng.randrange(4)
    if how == 0:
        path.write_bytes(change_bytes(rng, path.read_bytes()))
        return
    content = torch.load(path, weights_only=False)
    if how == 1:
        content = _changed_weights(rng, content)
    elif how == 2:
        executed = _Executed(model.parent / "executed")
        content = rng.choice((executed, {**content, "logging": executed}, {**content, "network_weights": executed}))
    else:
        for _ in range(rng.choice((1, 2))):
            content = change_json(rng, content)
    torch.save(content, path, _use_new_zipfile_serialization=rng.random() < 0.8)


def _changed_weights(rng: random.Random, content: dict[str, Any]) -> dict[str, Any]:
    import torch

    weights = OrderedDict(content["network_weights"])
    name = rng.choice(list(weights))
    tensor = weights[name]
    others = (
        *(tensor[..., :1], tensor.flatten(), tensor[None], tensor.double(), tensor.half(), tensor.to(torch.int8)),
        *(
            tensor * float("nan"),
            tensor * float("inf"),
            tensor.expand(3, *tensor.shape),
            torch.empty(0),
            tensor.tolist(),
        ),
        *(
            None,
            1.0,
            tensor.to_sparse(),
            torch.empty(tensor.shape, device="meta"),
            tensor.bool(),
            tensor.to(torch.complex64),
        ),
    )
    if rng.random() < 0.2:
        weights[rng.choice((f"{name}x", f"module.{name}", f"_orig_mod.{name}"))] = weights.pop(name)
    else:
        weights[name] = rng.choice(others)
    return {**content, "network_weights": weights}


def _files(rng: random.Random, model: Path) -> None:
    """Remove, double, link or exchange files and folders of the model."""
    files = [path for path in model.rglob("*") if path.is_file()]
    path = rng.choice(files)
    content = path.read_bytes()
    path.unlink()
    how = rng.randrange(9)
    if how == 0:
        path.mkdir()
    elif how == 1:
        os.mkfifo(path)
    elif how == 2:
        path.symlink_to(rng.choice((path.name, "nothing", "/dev/zero", "/dev/null")))
    elif how == 3:
        path.write_bytes(b"")
    elif how == 4:
        (model / "inner").mkdir()
        (model / "inner" / path.name).write_bytes(content)
    elif how == 5:
        path.write_bytes(content)
        rng.choice((path, path.parent)).chmod(0o000)
    elif how == 6:
        path.write_bytes(content)
        shutil.copytree(model, model / f"fold_{rng.choice((1, 'all', -1, 'x', 99, 10**9))}")
    elif how == 7:
        other = rng.choice(files)
        path.write_bytes(other.read_bytes() if other.exists() else b"x")


def _change_json(rng: random.Random, path: Path) -> None:
    value = json.loads(path.read_text(encoding="utf-8"))
    if path.name == "plans.json" and rng.random() < 0.7:
        # What is used: the rest of the plans is of no consequence.
        configuration = value["configurations"]["3d_fullres"]
        value["configurations"]["3d_fullres"] = change_json(rng, configuration)
    else:
        for _ in range(rng.choice((1, 1, 2))):
            value = change_json(rng, value)
    path.write_bytes(json.dumps(value).encode("utf-8", "surrogatepass"))


def _seal(model: Path) -> None:
    """Give the manifest the checksums of the changed files."""
    path = model / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["sha256"] = {name: sha256_of(model / name) for name in manifest["sha256"]}
    path.write_text(json.dumps(manifest), encoding="utf-8")


_BUILDS: dict[str, tuple[int, str, Callable[[random.Random, Path], None]]] = {
    "model: JSON of a bundle": (600, "bundle", _bundle_json),
    "model: JSON of a result folder": (400, "results", _results_json),
    "model: bytes of a bundle": (200, "bundle", _bytes),
    "model: header of the weights": (250, "bundle", _weights),
    "model: checkpoint": (400, "results", _checkpoint),
    "model: files": (150, "", _files),
}
KINDS = {kind: share for kind, (share, _, _) in _BUILDS.items()}
"""Kinds of model folders, each with its share of 2,000."""


def try_model(kind: str, name: str, folder: Path, models: Path) -> tuple[Trial, Verdict]:
    """Build a model folder from its name, segment a good case with it, and return the trial and its verdict."""
    rng = random.Random(name)
    case = rng.choice(good_cases())
    _, form, build = _BUILDS[kind]
    model = folder / "model"
    shutil.copytree(models / case.challenge / (form or rng.choice(("bundle", "results"))), model)
    trial = Trial(case.challenge, folder, model)
    write_good(case, trial.input_dir)
    build(rng, model)
    verdict = judge(trial, run_forked(trial))
    if (folder / "executed").exists():
        verdict = Verdict("fault", "a checkpoint was executed")
    return trial, verdict
