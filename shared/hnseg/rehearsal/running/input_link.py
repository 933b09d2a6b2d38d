"""Image whose /input is a symbolic link, as it is on the platform.

There /input leads to a folder of each job's own below /opt/ml/input/data, so that `find /input` finds nothing and
`Path.resolve()` leaves /input (DIAGNijmegen/rse-sagemaker-shim at b20f0a7, `models.py`).
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from hnseg.rehearsal.running.engine import Engine
from hnseg.rehearsal.running.image import Image

LINKED_FOLDER = "/opt/ml/input/data"
"""Folder in the container in which the cases' input folders lie."""
CURRENT = "current"
"""Name of the link in that folder to the input folder of the present case."""
NO_LINK = "/input is a folder here and a symbolic link there: the image could not be given one."

_PATIENCE_S = 120
_MAKE_LINK = (
    "import os\n"
    "if os.path.isdir('/input') and not os.path.islink('/input'): os.rmdir('/input')\n"
    f"os.symlink('{LINKED_FOLDER}/{CURRENT}', '/input')"
)


@contextmanager
def linked_image(engine: Engine, image: Image, python: str) -> Iterator[str]:
    """Make an image with the link on top of another one, yield its tag, and remove it afterwards.

    Args:
        engine: Engine that has the image.
        image: Image that is rehearsed; it stays as it is.
        python: Name of the image's Python, which makes the link; empty without one.

    Yields:
        Tag of the image with the link; empty where it can't be made.
    """
    tag = f"hnseg-rehearsal:{uuid4().hex[:12]}"
    possible = bool(python) and "/input" not in image.volumes and re.fullmatch(r"[\w.:-]+", image.user)
    made = bool(possible) and _make(engine, image, python, tag)
    try:
        yield tag if made else ""
    finally:
        if made:
            engine.try_to("rmi", "--force", tag)


def _make(engine: Engine, image: Image, python: str, tag: str) -> bool:
    run = json.dumps([python, "-I", "-S", "-c", _MAKE_LINK])
    dockerfile = f"FROM {image.tag}\nUSER 0\nRUN {run}\nUSER {image.user}\n"
    try:
        done = subprocess.run(
            [engine.command, "build", "--quiet", "--network=none", "--pull=false", "--tag", tag, "-"],
            input=dockerfile.encode(),
            capture_output=True,
            timeout=_PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0
