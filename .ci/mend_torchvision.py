"""Mend an installed torchvision that can't be imported beside a torch of another build.

    python .ci/mend_torchvision.py

Some package indices have torch without CUDA but torchvision with it. Its compiled operators can't be loaded then, which
it allows for (`torchvision.extension`), and nnU-Net calls none. But two lines of 0.28 take them for granted:
"RuntimeError: operator torchvision::nms does not exist". They get the guard that all other operators in that file have.
Where torchvision can be imported, nothing changes.
"""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import files

UNGUARDED = re.compile(r'^@torch\.library\.register_fake\("torchvision::(\w+)"\)$', re.M)


def failure() -> str:
    """Return the last line of a failed import; empty where torchvision can be imported."""
    done = subprocess.run([sys.executable, "-c", "import torchvision"], capture_output=True, text=True, check=False)
    return done.stderr.strip().rpartition("\n")[2] if done.returncode else ""


def mend() -> None:
    """Guard the operators that are taken for granted."""
    for file in files("torchvision") or []:
        if file.name == "_meta_registrations.py":
            path = file.locate()
            path.write_text(UNGUARDED.sub(r'@register_meta("\1")', path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    if "does not exist" in failure():
        mend()
    if found := failure():
        sys.exit(f"torchvision must be importable beside torch, but: {found}. Were both installed from the same index?")
