"""Abilities of this machine: what works here, what is missing, and what to do about it."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal

from hnseg.inference.gpu import unusable_reason
from hnseg.machine import GIB
from hnseg.rehearsal.machine import Machine, this_machine
from hnseg.rehearsal.running.engine import COMMANDS, Engine, probe_engine
from hnseg.rehearsal.running.process import can_cut_network
from hnseg.rehearsal.running.runners import passable_gpus
from hnseg.rehearsal.trainer_search import search_trainers

# The platform's machine for most challenges is ml.g4dn.xlarge.
_RAM_GIB = 16
_CPUS = 4
_DISK_GIB = 20
"""Disk space for a GPU image and a saved copy of it."""

_PARTS = {
    "segment": ("", "make setup, or: pip install -e ."),
    "segment by graphs": ("graph", "make setup, or: pip install -e '.[graph]'"),
    "score, rehearse, report": ("evaluation", "make setup, or: pip install -e '.[evaluation]'"),
    "train": ("training", "make setup, or: pip install -e '.[training]'"),
}

_TORCHVISION = (
    "torchvision must be of torch's release and build: install it from the index that torch came from, or make setup"
)


@dataclass(frozen=True)
class Ability:
    """Ability of this machine.

    Attributes:
        name: Name of the ability.
        state: Answer, one of yes, no, and limited: in part, or more slowly.
        found: Observation that the answer rests on.
        advice: Advice; empty where there is nothing to do.
    """

    name: str
    state: Literal["yes", "limited", "no"]
    found: str
    advice: str = ""


def examine(base_image: str) -> list[Ability]:
    """Return the abilities of this machine; takes some ten seconds.

    Args:
        base_image: Image that images are built on; empty to leave it out.
    """
    machine = this_machine()
    return [
        _python(),
        *_packages(),
        *_nnunet_commands(),
        _processors(machine),
        _memory(machine),
        _gpu(machine),
        *_engines(machine, base_image),
        _process(),
        _disk("disk for running cases", Path(tempfile.gettempdir()), "Set TMPDIR to a folder on a larger disk."),
    ]


def base_image_of(dockerfile: Path) -> str:
    """Return the image that HNSEG_BASE_IMAGE names, or else the Dockerfile's own; empty without either."""
    own = (
        re.search(r"^ARG BASE_IMAGE=(\S+)", dockerfile.read_text(encoding="utf-8"), re.M)
        if dockerfile.is_file()
        else None
    )
    return os.environ.get("HNSEG_BASE_IMAGE") or (own[1] if own else "")


def _python() -> Ability:
    ok = sys.version_info >= (3, 10)
    advice = "" if ok else "Use Python 3.10 or newer."
    return Ability("Python", "yes" if ok else "no", f"{platform.python_version()} in {sys.prefix}", advice)


def _packages() -> Iterator[Ability]:
    for name, (extra, advice) in _PARTS.items():
        versions = {package: _version(package) for package in _required(extra)}
        missing = [package for package, found in versions.items() if not found]
        if missing:
            yield Ability(name, "no", f"missing: {', '.join(missing)}", advice)
        else:
            yield Ability(name, "yes", ", ".join(f"{package} {found}" for package, found in versions.items()))


def _required(extra: str) -> list[str]:
    """Return the packages that one of hnseg's extras requires; without an extra, those that hnseg itself requires."""
    lines = requires("hnseg") or []
    if extra:
        chosen = [line for line in lines if f"extra == '{extra}'" in line]
    else:
        chosen = [line for line in lines if "extra ==" not in line]
    return [re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0] for line in chosen]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _nnunet_commands() -> Iterator[Ability]:
    """Yield whether nnU-Net's commands find trainers, where nnU-Net is installed."""
    if not _version("nnunetv2"):
        return
    name = "nnU-Net's own commands"
    search = search_trainers()
    if search.modules:
        yield Ability(name, "yes", f"their search for trainers imports all {search.modules} modules")
    else:
        found = f"the package {search.missing} is missing" if search.missing else search.failure
        advice = _TORCHVISION if "torchvision" in found else f"Install what is missing; {_PARTS['train'][1]}"
        yield Ability(name, "no", f"their search for trainers imports every one, and failed: {found}", advice)


def _processors(machine: Machine) -> Ability:
    found = f"{machine.cpus:g} x {machine.cpu}"
    if machine.cpus >= _CPUS:
        return Ability("processors", "yes", found)
    return Ability(
        "processors", "limited", found, f"The platform gives {_CPUS}: cases may take longer here than there."
    )


def _memory(machine: Machine) -> Ability:
    found = f"{machine.ram_gib:.1f} GiB"
    if machine.ram_gib >= _RAM_GIB:
        return Ability("memory", "yes", found)
    advice = f"The platform gives most challenges {_RAM_GIB} GiB: a large case may fail here and pass there."
    return Ability("memory", "limited", found, advice)


def _gpu(machine: Machine) -> Ability:
    found = ", ".join(f"{gpu.name}, {gpu.memory_gib:.0f} GiB" for gpu in machine.gpus) or "nvidia-smi lists none"
    try:
        reason = unusable_reason()
    except (ImportError, OSError) as error:  # torch is not there, or a library of its own
        reason = f"torch can't be imported: {error}. {_PARTS['segment'][1]}" if machine.gpus else None
    if reason is not None:
        return Ability("GPU", "no", f"{found}; torch can't use it", reason)
    if machine.gpus:
        return Ability("GPU", "yes", found)
    return Ability("GPU", "no", found, "Everything runs on the processor, more slowly.")


def _engines(machine: Machine, base_image: str) -> Iterator[Ability]:
    probed = {command: probe_engine(command) for command in COMMANDS}
    for command, (engine, reason) in probed.items():
        if engine is None:
            yield Ability(
                command, "no", reason, "Install it, start its service, or set DOCKER_HOST to where it listens."
            )
    answering = [engine for engine, _ in probed.values() if engine]
    for engine in answering:
        yield _engine(engine, machine)
    if answering and base_image:
        yield _base_image(answering[0], base_image)
    for engine in answering:
        yield from _image_disk(engine)


def _engine(engine: Engine, machine: Machine) -> Ability:
    problems = []
    if not engine.facts.limits_memory:
        problems.append("It can't limit memory: enable the memory controller of control groups.")
    gpus, why = passable_gpus(engine, machine)
    if machine.gpus and not gpus:
        problems.extend(why)
    found = engine.facts.version + (", rootless" if engine.facts.rootless else "")
    return Ability(engine.command, "limited" if problems else "yes", found, " ".join(problems))


def _image_disk(engine: Engine) -> Iterator[Ability]:
    """Yield the disk of an engine's images, if its folder can be seen from this machine."""
    folder = Path(engine.facts.folder)
    if folder.is_dir():
        yield _disk(f"disk for {engine.command} images", folder, f"{engine.command} system prune")


def _base_image(engine: Engine, base_image: str) -> Ability:
    if engine.try_to("image", "inspect", base_image):
        return Ability("base image", "yes", f"{base_image} is here")
    advice = f"{engine.command} pull {base_image}, or name one that is here: HNSEG_BASE_IMAGE."
    return Ability("base image", "limited", f"{base_image} is not here; a build would fetch it", advice)


def _process() -> Ability:
    if can_cut_network():
        return Ability("rehearse without an engine", "yes", "with limits on time and memory, without network")
    return Ability(
        "rehearse without an engine",
        "limited",
        "with limits on time and memory; the network stays",
        "The kernel must let users make network namespaces (kernel.unprivileged_userns_clone).",
    )


def _disk(name: str, folder: Path, advice: str) -> Ability:
    free_gib = shutil.disk_usage(folder).free / GIB
    found = f"{free_gib:.0f} GiB free at {folder}"
    return Ability(name, "yes", found) if free_gib >= _DISK_GIB else Ability(name, "limited", found, advice)
