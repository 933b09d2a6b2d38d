"""Docker or Podman on this machine, and models that a container can read."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENGINE = next((name for name in ("docker", "podman") if shutil.which(name)), "docker")


def engine(*words, check=True):
    """Run the engine's command in the repository and return the finished process, its output as text."""
    return subprocess.run([ENGINE, *map(str, words)], cwd=ROOT, capture_output=True, text=True, check=check)


def why_there_is_no_engine() -> str:
    """Return the reason why no container can be run here; empty where one can."""
    if not shutil.which(ENGINE):
        return "neither docker nor podman is installed"
    return "" if engine("version", check=False).returncode == 0 else f"no {ENGINE} engine answers"


def copy_readable(model_dir, folder):
    """Copy a model so that any uid can read it: safetensors writes files for their owner alone."""
    shutil.copytree(model_dir, folder)
    for path in folder.iterdir():
        path.chmod(0o644)
