"""Pickles that run a command when an ordinary unpickler reads them, and checkpoints of torch's with one inside."""

from __future__ import annotations

import io
import pickle
import pickletools
import zipfile
from collections.abc import Mapping
from pathlib import Path

import torch

EXTENSION = 240  # code under which a test registers os.system
CONTENT = {
    "network_weights": {"a": torch.arange(6.0).reshape(2, 3), "b": torch.ones(4)},
    "init_args": {"configuration": "3d_fullres"},
    "inference_allowed_mirroring_axes": (0, 1, 2),
    "trainer_name": "nnUNetTrainer",
}


class Setting:
    """Object whose class does something when its state is set."""

    def __init__(self, marker: Path) -> None:
        self.marker = str(marker)

    def __setstate__(self, state: dict[str, str]) -> None:
        Path(state["marker"]).touch()


def planted(folder: Path) -> Mapping[str, bytes]:
    """Return pickles, without the last opcode, that make the file `owned` in a folder when they are read."""
    marker = folder / "owned"
    command = _text(f"touch {marker}")
    code = f"import os; os.system('touch {marker}')"
    system, getattr_ = _name("posix", "system"), _name("builtins", "getattr")
    expression = _text(f"__import__('os').system('touch {marker}')")
    evil = pickle.PROTO + b"\x02" + system + command + b"\x85R."
    (folder / "hubconf.py").write_text(f"{code}\ndef model():\n    pass\n")
    (folder / "evil.pkl").write_bytes(evil)
    (folder / "evil.py").write_text(code)
    os_module = getattr_ + _name("os", "path") + _text("os") + b"\x86R"
    forward = _text(f"{code}\ndef forward(self):\n    pass\n")
    return {
        "REDUCE": system + command + b"\x85R",
        "INST": b"(" + command + b"iposix\nsystem\n",
        "OBJ": b"(" + system + command + b"o",
        "STACK_GLOBAL": _text("posix") + _text("system") + b"\x93" + command + b"\x85R",
        "a dotted name": b"\x80\x04" + _text("os") + _text("path.os.system") + b"\x93" + command + b"\x85R",
        "a program": _name("subprocess", "call") + b"](" + _text("touch") + _text(str(marker)) + b"e\x85R",
        "eval": _name("builtins", "eval") + expression + b"\x85R",
        "eval of Python 2": _name("__builtin__", "eval") + expression + b"\x85R",
        "exec": _name("builtins", "exec") + _text(code) + b"\x85R",
        "getattr": getattr_ + os_module + _text("system") + b"\x86R" + command + b"\x85R",
        "a state": pickle.dumps(Setting(marker), 2)[:-1],
        "a partial's state": _name("functools", "partial") + system + b"\x85R(" + system
        + b"(" + command + b"t}Ntb)R",
        "an extension": b"\x82" + bytes([EXTENSION]) + command + b"\x85R",
        "a pickle in a pickle": _name("pickle", "loads") + _bytes(evil) + b"\x85R",
        "runpy": _name("runpy", "run_path") + _text(str(folder / "evil.py")) + b"\x85R",
        "torch's storages": _name("torch.storage", "_load_from_bytes") + _bytes(_torch_bytes(evil)) + b"\x85R",
        "torch.hub": _name("torch.hub", "_load_local") + _text(str(folder)) + _text("model") + b"\x86R",
        "torch.fx": _name("torch.fx.graph_module", "_forward_from_src") + forward + b"}\x86R",
        "NumPy's objects": _name("numpy", "load") + _text(str(folder / "evil.pkl")) + b"N\x88\x87R",
    }  # fmt: skip


def write_zip(path: Path, payload: bytes) -> None:
    """Write a checkpoint whose pickle has another one before its end, the result of which is dropped."""
    torch.save(CONTENT, path)
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content[:-1] + payload + b"0." if name.endswith("/data.pkl") else content)


def write_stream(path: Path, payload: bytes) -> None:
    """Do as `write_zip` does, in the container of before torch 1.6."""
    torch.save(CONTENT, path, _use_new_zipfile_serialization=False)
    content = path.read_bytes()
    stream = io.BytesIO(content)
    for _ in range(4):  # the magic number, the version, the system, the object
        for _ in pickletools.genops(stream):
            pass
    end = stream.tell() - 1
    path.write_bytes(content[:end] + payload + b"0." + content[end + 1 :])


def _torch_bytes(evil: bytes) -> bytes:
    """Return a file of torch's whose pickle is another one."""
    stream = io.BytesIO()
    torch.save({}, stream)
    changed = io.BytesIO()
    with zipfile.ZipFile(stream) as archive, zipfile.ZipFile(changed, "w") as into:
        for name in archive.namelist():
            into.writestr(name, evil if name.endswith("/data.pkl") else archive.read(name))
    return changed.getvalue()


def _name(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


def _text(text: str) -> bytes:
    return b"X" + len(text.encode()).to_bytes(4, "little") + text.encode()


def _bytes(content: bytes) -> bytes:
    return b"B" + len(content).to_bytes(4, "little") + content
