"""Output given to panimg in a process of its own, with limits of time and memory, as it may be hostile."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from hnseg.errors import InputError
from hnseg.platform.spec import ImageOutput, MapSocket
from hnseg.rehearsal.findings import Finding, failure

_MOST_S = 600.0
_MOST_BYTES = 8 << 30  # memory of the platform's importer, as far as is known
_EXPLANATION_CHARACTERS = 500
_SAYS = {
    "no image": "No output images could be imported from {path!r}",
    "several images": "Only 1 image should be produced in {path!r}",
    "no segments": "The image produced in {path!r} is not valid.",
    "an error": "",
}


def check_panimg() -> None:
    """Check that panimg is installed.

    Raises:
        InputError: It is not.
    """
    if importlib.util.find_spec("panimg") is None:
        raise InputError(
            "The importer panimg must be installed beside hnseg, but this Python has no such package."
            " Install it with pip install 'hnseg[importer]'."
        )


def judge_by_panimg(
    socket: ImageOutput, output_dir: Path, *, python: str = sys.executable, most_s: float = _MOST_S
) -> list[Finding]:
    """Return the failure that panimg finds in a socket's output; empty where it imports one segmentation, or one map.

    Args:
        socket: Socket that names the image's folder.
        output_dir: Copy of the container's output, without links.
        python: Python that has panimg.
        most_s: Seconds that it may take.
    """
    folder = output_dir / socket.relative_path
    if not folder.is_dir():
        return []  # said by our own import
    program = [python, str(Path(__file__).with_name("child.py")), str(_MOST_BYTES), str(folder.resolve())]
    with TemporaryDirectory(prefix="hnseg-panimg-") as scratch:
        try:
            done = subprocess.run(program, cwd=scratch, capture_output=True, timeout=most_s, check=False)
        except subprocess.TimeoutExpired:
            return [failure("import", "", f"panimg must import the output, but had not done so after {most_s:g} s.")]
    if done.returncode != 0:
        words = done.stderr.decode("utf-8", "backslashreplace").strip().rpartition("\n")[2][:_EXPLANATION_CHARACTERS]
        return [failure("import", "", f"panimg ended with status {done.returncode} at the output: {words}")]
    ((verdict, words),) = json.loads(done.stdout)
    if verdict == "a segmentation" or (verdict == "no segments" and isinstance(socket, MapSocket)):
        return []
    says = _SAYS[verdict].format(path=socket.relative_path)
    return [failure("import", says, f"panimg makes of the output: {verdict}. {words[:_EXPLANATION_CHARACTERS]}")]
