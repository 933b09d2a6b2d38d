"""A container engine on this machine, Docker or Podman, spoken to through its command line.

Both understand the same commands; where they differ is what they tell of themselves (`EngineFacts`) and how a GPU is
passed. Nothing here starts before it is asked to.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from typing import Any

from hnseg.errors import EngineError

COMMANDS = ("docker", "podman")


@dataclass(frozen=True)
class EngineFacts:
    """What an engine says of itself.

    Attributes:
        version: Of the server.
        limits_memory: Whether it can enforce a memory limit here.
        chooses_processors: Whether it can pin a container to processors here.
        rootless: Whether it runs without root's rights.
        folder: Where it keeps images, on the server's machine.
    """

    version: str
    limits_memory: bool
    chooses_processors: bool
    rootless: bool
    folder: str

    @property
    def is_podman(self) -> bool:
        """Whether it is Podman, by whatever name it was called."""
        return self.version.startswith("Podman")


@dataclass(frozen=True)
class Engine:
    """A container engine that answered.

    Attributes:
        command: The program on the PATH, docker or podman.
        facts: What it said of itself.
    """

    command: str
    facts: EngineFacts

    def ask(self, *arguments: str, timeout_s: float = 120) -> str:
        """Run one of the engine's commands and return what it printed.

        Raises:
            EngineError: It failed; the sentence ends with the engine's own last line.
        """
        try:
            done = subprocess.run(
                [self.command, *arguments], capture_output=True, text=True, timeout=timeout_s, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise EngineError(
                f"{self.command} {arguments[0]} must answer within {timeout_s:g} s, but did not."
                " Is the engine overloaded?"
            ) from error
        if done.returncode != 0:
            raise EngineError(f"{self.command} {arguments[0]} failed: {last_line(done.stderr) or done.stdout.strip()}")
        return done.stdout.strip()

    def try_to(self, *arguments: str) -> bool:
        """Run one of the engine's commands whose failure does not matter, and say whether it succeeded."""
        try:
            self.ask(*arguments)
        except EngineError:
            return False
        return True

    def inspect(self, container: str, part: str) -> dict[str, Any]:
        """Return a part of what the engine knows of a container, such as State."""
        facts: dict[str, Any] = json.loads(
            self.ask("inspect", "--type", "container", "-f", f"{{{{json .{part}}}}}", container)
        )
        return facts


def find_engine(*commands: str) -> Engine:
    """Return the first of these engines that answers; docker, then podman if none is named.

    Raises:
        EngineError: None does; the sentence names the cure.
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
    """Return an engine if it answers, or else None and why it does not."""
    known, reason = _ask_for_facts(command)
    if not known:
        return None, reason
    # Podman may go by the name of docker, so what it said decides, not what it is called.
    return Engine(command, _podman_facts(known) if "host" in known else _docker_facts(known)), ""


def last_line(text: str) -> str:
    """Return the last line that is not empty, or nothing."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


def _ask_for_facts(command: str) -> tuple[dict[str, Any], str]:
    """Return what an engine says of itself, or nothing and why."""
    if shutil.which(command) is None:
        return {}, "is not installed here"
    try:
        done = subprocess.run(
            [command, "info", "--format", "{{json .}}"], capture_output=True, text=True, timeout=60, check=False
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
        limits_memory="memory" in controllers,
        chooses_processors="cpuset" in controllers,
        rootless=rootless,
        folder=str(known.get("store", {}).get("graphRoot", "")),
    )
