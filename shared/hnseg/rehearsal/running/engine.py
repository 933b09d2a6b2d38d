"""Container engine on this machine, Docker or Podman, called through its command line.

Both take the same commands; they differ in how they describe themselves (`EngineFacts`) and in how a GPU is passed.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from typing import Any

from hnseg.errors import EngineError
from hnseg.printable import printable

COMMANDS = ("docker", "podman")
_PATIENCE_S = 120.0  # for an answer of the engine


@dataclass(frozen=True)
class EngineFacts:
    """Engine as it describes itself.

    Attributes:
        version: Name and version of the server.
        is_podman: Whether the engine is Podman, by whatever name it was called.
        limits_memory: Whether the engine can enforce a memory limit here.
        chooses_processors: Whether the engine can pin a container to processors here.
        rootless: Whether the engine runs without root's rights.
        folder: Folder of the images, on the server's machine.
    """

    version: str
    is_podman: bool
    limits_memory: bool
    chooses_processors: bool
    rootless: bool
    folder: str


@dataclass(frozen=True)
class Engine:
    """Container engine that answers.

    Attributes:
        command: Program on the PATH, docker or podman.
        facts: Description that the engine gave of itself.
    """

    command: str
    facts: EngineFacts

    def ask(self, *arguments: str, timeout_s: float = _PATIENCE_S) -> str:
        """Run one of the engine's commands and return its output.

        Raises:
            EngineError: The command failed; the sentence ends with the engine's own last line.
        """
        try:
            done = subprocess.run(
                [self.command, *arguments],
                capture_output=True,
                encoding="utf-8",
                errors="backslashreplace",
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise EngineError(
                f"{self.command} {arguments[0]} must answer within {timeout_s:g} s, but did not."
                " Is the engine overloaded?"
            ) from error
        if done.returncode != 0:
            says = last_line(done.stderr) or done.stdout.strip()
            raise EngineError(f"{self.command} {arguments[0]} failed: {says}", engine_says=says)
        return done.stdout.strip()

    def try_to(self, *arguments: str) -> bool:
        """Run a command of the engine whose failure does not matter, and return whether it succeeded."""
        return self.status_of(*arguments) == 0

    def status_of(self, *arguments: str) -> int | None:
        """Run a command of the engine and return its exit status; None where it did not end in time."""
        try:  # without its output, which the container may have written and which has no limit
            done = subprocess.run(
                [self.command, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=_PATIENCE_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return None
        return done.returncode

    def inspect(self, container: str, part: str) -> dict[str, Any]:
        """Return one part of the engine's description of a container, such as State."""
        facts: dict[str, Any] = json.loads(
            self.ask("inspect", "--type", "container", "-f", f"{{{{json .{part}}}}}", container)
        )
        return facts


def find_engine(*commands: str) -> Engine:
    """Return the first of these engines that answers; docker, then podman if none is named.

    Raises:
        EngineError: No engine answers; the sentence says how to get one.
    """
    reasons = []
    for command in commands or COMMANDS:
        engine, reason = probe_engine(command)
        if engine:
            return engine
        reasons.append(f"{command} {reason}")
    raise EngineError(
        f"A container engine must answer, but {' and '.join(reasons)}. Install one, start its service, or set"
        " DOCKER_HOST to where it listens; or rehearse without one: --engine process."
    )


def probe_engine(command: str) -> tuple[Engine | None, str]:
    """Return an engine and an empty text if it answers, or else None and the reason why not."""
    known, reason = _ask_for_facts(command)
    if not known:
        return None, reason
    # Podman may go by the name of docker, so its description decides, not its name.
    return Engine(command, _podman_facts(known) if "host" in known else _docker_facts(known)), ""


def last_line(text: str) -> str:
    """Return the last line that is not empty, in its printable form; "" without one."""
    return next((printable(line.strip(), longest=1000) for line in reversed(text.splitlines()) if line.strip()), "")


def _ask_for_facts(command: str) -> tuple[dict[str, Any], str]:
    """Return an engine's description of itself and an empty text, or else nothing and the reason why not."""
    if shutil.which(command) is None:
        return {}, "is not installed here"
    try:
        done = subprocess.run(
            [command, "info", "--format", "{{json .}}"],
            capture_output=True,
            encoding="utf-8",
            errors="backslashreplace",
            timeout=60,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {}, "does not answer within 60 s"
    known: dict[str, Any] = json.loads(done.stdout) if done.stdout.startswith("{") else {}
    if done.returncode != 0 or known.get("ServerErrors"):
        return {}, f"has no engine behind it ({last_line(done.stderr) or known.get('ServerErrors')})"
    return known, ""


def _docker_facts(known: dict[str, Any]) -> EngineFacts:
    return EngineFacts(
        version=f"Docker {known.get('ServerVersion', 'of unknown version')}",
        is_podman=False,
        limits_memory=bool(known.get("MemoryLimit")),
        chooses_processors=bool(known.get("CPUSet")),
        rootless=any("rootless" in option for option in known.get("SecurityOptions") or []),
        folder=str(known.get("DockerRootDir", "")),
    )


def _podman_facts(known: dict[str, Any]) -> EngineFacts:
    host = known["host"]
    rootless = bool(host.get("security", {}).get("rootless"))
    # Without a list of controllers (cgroup v1) root has all of them and others have none.
    controllers = host.get("cgroupControllers") or ([] if rootless else ["memory", "cpuset"])
    return EngineFacts(
        version=f"Podman {known.get('version', {}).get('Version', 'of unknown version')}",
        is_podman=True,
        limits_memory="memory" in controllers,
        chooses_processors="cpuset" in controllers,
        rootless=rootless,
        folder=str(known.get("store", {}).get("graphRoot", "")),
    )
