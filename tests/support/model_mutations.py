"""Random changes to model folders, each of which a person, a broken copy or an attacker could have made.

The same seed makes the same change. What is left is a folder that must open, or be refused with a `ModelError`.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

JUNK: tuple[Any, ...] = (
    *(None, True, "", "x", "²", "\0", "../../../etc/passwd", "a" * 5000),
    *(0, 1, -1, 2, 3, 7, 255, 256, 10**6, 10**18, 10**400),
    *(0.0, 0.5, -1.5, 1e-300, 1e300, 1000.0),
    *([], {}, [0], [0, 0, 0], [2, 1, 0], [1, 2, 3], [-1, 0, 1], [[]], {"0": 1}, [1e9], ["a", "b", "c"]),
)


def mutate(folder: Path, seed: int) -> str:
    """Change an nnU-Net result folder in place, and return the change in words.

    Args:
        folder: Copy of a result folder with one fold.
        seed: Seed of the random change.
    """
    draw = random.Random(seed)
    kinds: tuple[Callable[[Path, random.Random], str], ...] = (
        *(_change_json,) * 6,
        *(_change_tensors,) * 3,
        _change_checkpoint,
        _damage_file,
        _replace_file,
        _rename_fold,
    )
    return draw.choice(kinds)(folder, draw)


def _json_file(folder: Path, draw: random.Random) -> Path:
    return folder / draw.choice(["plans.json", "plans.json", "dataset.json"])


def _change_json(folder: Path, draw: random.Random) -> str:
    path = _json_file(folder, draw)
    content = json.loads(path.read_text())
    place, key = draw.choice(list(_places(content)))
    if draw.random() < 0.2:
        del place[key]
        what = "left out"
    else:
        place[key] = draw.choice(JUNK)
        what = repr(place[key])[:40]
    path.write_text(json.dumps(content))
    return f"{path.name}: {key} {what}"


def _places(content: Any) -> list[tuple[Any, Any]]:
    """Return every place of a JSON value that can be changed, as its container and key."""
    if not isinstance(content, (dict, list)):
        return []
    keys = list(content) if isinstance(content, dict) else list(range(len(content)))
    return [(content, key) for key in keys] + [place for key in keys for place in _places(content[key])]


def _checkpoint(folder: Path) -> Path:
    return next(folder.glob("fold_*/checkpoint_final.pth"))


def _change_tensors(folder: Path, draw: random.Random) -> str:
    content = torch.load(_checkpoint(folder), weights_only=False)
    weights = content["network_weights"]
    name = draw.choice(list(weights))
    changes: dict[str, Callable[[torch.Tensor], Any]] = {
        "NaN": lambda tensor: tensor * float("nan"),
        "infinite": lambda tensor: tensor + float("inf"),
        "integers": lambda tensor: tensor.to(torch.int64),
        "complex": lambda tensor: tensor.to(torch.complex64),
        "double": lambda tensor: tensor.double(),
        "half": lambda tensor: tensor.half(),
        "flat": lambda tensor: tensor.flatten(),
        "empty": lambda tensor: tensor[:0],
        "sparse": lambda tensor: tensor.to_sparse(),
        "no tensor": lambda _: 3,
        "none": lambda _: None,
    }
    what = draw.choice(list(changes))
    weights[name] = changes[what](weights[name])
    torch.save(content, _checkpoint(folder))
    return f"{name} {what}"


def _change_checkpoint(folder: Path, draw: random.Random) -> str:
    content = torch.load(_checkpoint(folder), weights_only=False)
    place, key = draw.choice([(content, key) for key in content] + [(content["init_args"], "configuration")])
    place[key] = draw.choice(JUNK)
    torch.save(content, _checkpoint(folder))
    return f"checkpoint: {key} {place[key]!r}"[:80]


def _damage_file(folder: Path, draw: random.Random) -> str:
    path = draw.choice([_checkpoint(folder), _json_file(folder, draw)])
    content = bytearray(path.read_bytes())
    if draw.random() < 0.5:
        del content[draw.randrange(len(content)) :]
    else:
        for _ in range(draw.choice([1, 20])):
            content[draw.randrange(len(content))] = draw.randrange(256)
    path.write_bytes(content)
    return f"{path.name} damaged"


def _replace_file(folder: Path, draw: random.Random) -> str:
    path = draw.choice([_checkpoint(folder), _json_file(folder, draw)])
    path.unlink()
    kinds: dict[str, Callable[[], object]] = {
        "nothing": lambda: None,
        "a pipe": lambda: os.mkfifo(path),
        "a folder": path.mkdir,
        "a link to itself": lambda: path.symlink_to(path),
        "a device": lambda: path.symlink_to("/dev/zero"),
        "deep": lambda: path.write_text("[" * 200_000),
        "a number": lambda: path.write_text("1"),
        "not UTF-8": lambda: path.write_bytes(b"\xff\xfe\x80"),
    }
    what = draw.choice(list(kinds))
    kinds[what]()
    return f"{path.name} is {what}"


def _rename_fold(folder: Path, draw: random.Random) -> str:
    name = draw.choice(["fold_²", "fold_", "fold_-1", "fold_x", "fold_all", "fold_007", "fold_99999999999", "fold_1.5"])
    _checkpoint(folder).parent.rename(folder / name)
    return f"fold named {name}"
