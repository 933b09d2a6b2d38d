"""Program of Apptainer on this machine, called through its command line."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hnseg.errors import EngineError
from hnseg.rehearsal.running.engine import last_line

COMMAND = "apptainer"
_PATIENCE_S = 120.0
_KEPT = (
    *("PATH", "HOME", "TMPDIR", "LANG", "LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV"),
    *("XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "DOCKER_HOST"),
)
_KEPT_SETTINGS = ("APPTAINER_TMPDIR", "APPTAINER_CACHEDIR", "APPTAINER_CONFIGDIR")
"""Variables that decide where it works; any other, such as APPTAINER_BIND, could open the container."""


@dataclass(frozen=True)
class Apptainer:
    """Apptainer that answers.

    Attributes:
        path: Path of the program.
        version: Name and version, as in "Apptainer 1.3.4".
    """

    path: str
    version: str

    def ask(self, *arguments: str, timeout_s: float | None = _PATIENCE_S) -> bytes:
        """Run a command and return its output.

        Raises:
            EngineError: It failed, or did not end in time; the sentence ends with its own last line.
        """
        try:
            done = self._run(arguments, timeout_s)
        except subprocess.TimeoutExpired as error:
            raise EngineError(f"{COMMAND} {arguments[0]} must end within {timeout_s:g} s, but did not.") from error
        if done.returncode != 0:
            says = last_line(done.stderr.decode("utf-8", "backslashreplace"))
            raise EngineError(f"{COMMAND} {arguments[0]} failed: {says}", engine_says=says)
        return done.stdout

    def succeeds(self, *arguments: str) -> bool:
        """Run a command whose output does not matter, and return whether it ended with status 0."""
        try:
            return self._run(arguments, _PATIENCE_S).returncode == 0
        except subprocess.TimeoutExpired:
            return False

    def _run(self, arguments: Sequence[str], timeout_s: float | None) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [self.path, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environment_of({}),
            timeout=timeout_s,
            check=False,
        )


def environment_of(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the program, with variables for the container.

    The user's own settings that mount folders or pass variables are left out, since the platform has none of them.
    """
    kept = {name: os.environ[name] for name in (*_KEPT, *_KEPT_SETTINGS) if name in os.environ}
    return kept | {f"APPTAINERENV_{name}": value for name, value in variables.items()}


def find_apptainer() -> Apptainer:
    """Return the Apptainer on the PATH.

    Raises:
        EngineError: There is none, or it does not say its version.
    """
    path = shutil.which(COMMAND)
    if path is None:
        raise EngineError(
            f"{COMMAND} must be installed for --engine apptainer, but is not on the PATH. Load its module, or use"
            " docker, podman or process."
        )
    version = Apptainer(path, "").ask("--version").decode("utf-8", "backslashreplace").split()
    return Apptainer(path, f"Apptainer {version[-1] if version else 'of unknown version'}")
