"""Runners of cases: containers of an engine, or plain processes."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from hnseg.control_groups import ROOT
from hnseg.inference.gpu import kernel_facts
from hnseg.options import EDITION
from hnseg.rehearsal.case_run import CaseRun, RunCase
from hnseg.rehearsal.machine import Machine, this_machine
from hnseg.rehearsal.profile import Profile
from hnseg.rehearsal.running.apptainer.image import sif_image
from hnseg.rehearsal.running.apptainer.program import Apptainer
from hnseg.rehearsal.running.apptainer.run import apptainer_gaps, check_kind, run_in_apptainer, tried_setup
from hnseg.rehearsal.running.container import ContainerSetup, run_exec
from hnseg.rehearsal.running.engine import Engine
from hnseg.rehearsal.running.image import Image, build_image, inspect_image, python_of
from hnseg.rehearsal.running.input_link import NO_LINK, linked_image
from hnseg.rehearsal.running.process import ProcessSetup, can_cut_network, process_gaps, run_process
from hnseg.rehearsal.running.serving import served_cases
from hnseg.rehearsal.running.workplace import Workplace, check_readable

Setup = TypeVar("Setup")


@dataclass(frozen=True)
class Runner:
    """Runner of cases.

    Attributes:
        name: Engine with its version, or process.
        open: Function that returns a context in which cases run, by the function that it yields.
        image: Image that the cases run in; None for a process.
        gaps: Rules of the platform that can't be imitated here, a sentence each.
        there: Runner of the same cases under the platform's own confinement; None where this one is, or where
            nothing is confined more strictly than there.
    """

    name: str
    open: Callable[[], AbstractContextManager[RunCase]]
    image: Image | None = None
    gaps: tuple[str, ...] = ()
    there: Runner | None = None

    @property
    def serves(self) -> bool:
        """Whether the image serves requests, so that what a case gets may depend on those before."""
        return self.image is not None and self.image.api_method == "invoke"


@dataclass(frozen=True)
class ImageChoice:
    """Choice of the image to rehearse.

    Attributes:
        tag: Tag of an image that exists; empty to build one.
        build_arguments: Arguments for the Dockerfile beside CHALLENGE. Each EDITION gets a tag of its own.
    """

    tag: str = ""
    build_arguments: Mapping[str, str] = field(default_factory=dict)

    @property
    def edition(self) -> str:
        """Edition of the challenge that the image is built for; empty for the default."""
        return self.build_arguments.get("EDITION", "")


@contextmanager
def container_runner(
    engine: Engine, container_dir: Path, choice: ImageChoice, model_dir: Path, profile: Profile, *, gpu: bool
) -> Iterator[Runner]:
    """Build or find the image, and yield the runner of its containers.

    Args:
        engine: Container engine.
        container_dir: Folder of the challenge.
        choice: Image to find or to build.
        model_dir: Folder that is mounted as /opt/ml/model.
        profile: Limits of the platform.
        gpu: Whether to pass the GPUs there are.

    Raises:
        EngineError: The image can't be built or found.
        ModelError: The container's user could not read the model.
    """
    check_readable(model_dir)
    tag = choice.tag
    if not tag:
        tag = f"hnseg-{container_dir.name}:rehearsal" + (f"-{choice.edition}" if choice.edition else "")
        build_image(engine, container_dir, tag=tag, arguments=choice.build_arguments)
    image = inspect_image(engine, tag)
    machine = this_machine()
    gpus, no_gpu = passable_gpus(engine, machine) if gpu else (0, ())
    is_server = image.api_method == "invoke"
    python = python_of(engine, tag)
    with linked_image(engine, image, python) as linked:
        setup = ContainerSetup(engine, linked or tag, profile, gpus, image.command, python, has_link=bool(linked))
        gaps = (*_engine_gaps(engine), *_image_gaps(setup), *no_gpu, *_machine_gaps(machine, profile))

        def confined(by: Profile) -> Runner:
            """Return the runner under a profile."""
            own = replace(setup, profile=by)
            opened = partial(served_cases, own, model_dir) if is_server else partial(_each, run_exec, own)
            return Runner(engine.facts.version, opened, image, gaps)

        is_stricter = profile.confinement == "stricter"
        there = confined(profile.as_strict_as_platform()) if is_stricter else None
        yield replace(confined(profile), there=there)


@contextmanager
def apptainer_runner(
    apptainer: Apptainer, tag: str, model_dir: Path, profile: Profile, *, gpu: bool
) -> Iterator[Runner]:
    """Find the image or make a .sif file of it, and yield the runner of its containers.

    Args:
        apptainer: Apptainer on this machine.
        tag: Image, see `sif_image`.
        model_dir: Folder that is mounted as /opt/ml/model.
        profile: Limits of the platform.
        gpu: Whether to pass the GPUs there are.

    Raises:
        EngineError: There is no such image, it can't be built, or it serves requests.
    """
    check_readable(model_dir)
    machine = this_machine()
    with sif_image(apptainer, tag) as sif:
        check_kind(sif)
        setup = tried_setup(apptainer, sif, profile, gpus=len(machine.gpus) if gpu else 0)
        gaps = (*apptainer_gaps(setup), *_machine_gaps(machine, profile))

        def confined(by: Profile) -> Runner:
            """Return the runner under a profile."""
            opened = partial(_each, run_in_apptainer, replace(setup, profile=by))
            return Runner(apptainer.version, opened, sif.image, gaps)

        is_stricter = profile.confinement == "stricter"
        there = confined(profile.as_strict_as_platform()) if is_stricter else None
        yield replace(confined(profile), there=there)


def _each(run: Callable[[Setup, Workplace], CaseRun], setup: Setup) -> AbstractContextManager[RunCase]:
    """Return the context of cases that each have a container, or a process, of their own."""
    return nullcontext(partial(run, setup))


def process_runner(container_dir: Path, profile: Profile, *, gpu: bool, edition: str = "") -> Runner:
    """Return the runner of plain processes: each case is `python -m containers.<challenge>` of this installation.

    Args:
        container_dir: Folder of the challenge.
        profile: Limits of the platform.
        gpu: Whether the processes may use the GPUs there are.
        edition: Edition that the process runs; empty for the challenge's default.
    """
    container_dir = container_dir.resolve()
    if edition:
        profile = profile.model_copy(update={"environment": {**profile.environment, EDITION.variable: edition}})
    machine = this_machine()
    cuts_network = can_cut_network()
    package = f"{container_dir.parent.name}.{container_dir.name}"
    setup = ProcessSetup(
        command=(sys.executable, "-m", package),
        folder=container_dir.parent.parent,
        profile=profile,
        cuts_network=cuts_network,
        gpus=len(machine.gpus) if gpu else 0,
    )
    return Runner(
        name="process",
        open=partial(_each, run_process, setup),
        gaps=(*process_gaps(cuts_network=cuts_network), *_machine_gaps(machine, profile)),
    )


def passable_gpus(engine: Engine, machine: Machine, root: Path = ROOT) -> tuple[int, tuple[str, ...]]:
    """Return the number of GPUs that the engine can pass to a container, and the gaps where that is none.

    Args:
        engine: Container engine.
        machine: This machine.
        root: Folder that holds the kernel's `dev` and `proc`.
    """
    if not machine.gpus and kernel_facts(root).has_gpu:
        return 0, (
            "This machine has an NVIDIA GPU, but nvidia-smi lists none: the cases ran on the processor. Do the driver"
            " and nvidia-smi belong together?",
        )
    if not machine.gpus:
        return 0, ("This machine has no NVIDIA GPU: the cases ran on the processor.",)
    if engine.facts.is_podman:
        passes = any(Path(folder, "nvidia.yaml").is_file() for folder in ("/etc/cdi", "/var/run/cdi"))
    else:
        passes = any(shutil.which(tool) for tool in ("nvidia-container-runtime", "nvidia-container-cli", "nvidia-ctk"))
    if passes:
        return len(machine.gpus), ()
    return 0, (
        f"{engine.facts.version} can't pass this machine's GPU to a container: the cases ran on the processor."
        " Install the NVIDIA container toolkit.",
    )


def _image_gaps(setup: ContainerSetup) -> list[str]:
    gaps = [] if setup.has_link else [NO_LINK]
    if not setup.python:
        gaps.append(
            "The image has no Python, so a process that keeps stdout or stderr open after the program has ended, for"
            " which the platform waits, was not waited for."
        )
    return gaps


def _engine_gaps(engine: Engine) -> tuple[str, ...]:
    gaps = []
    if not engine.facts.limits_memory:
        gaps.append(f"{engine.facts.version} can't limit memory here: a case that needs too much was not stopped.")
    if not engine.facts.chooses_processors:
        gaps.append(f"{engine.facts.version} can't choose processors here: the cases had all of this machine's.")
    return tuple(gaps)


def _machine_gaps(machine: Machine, profile: Profile) -> tuple[str, ...]:
    gaps = []
    if machine.cpus < profile.cpus:
        gaps.append(
            f"This machine has {machine.cpus:g} of the platform's {profile.cpus} processors: a case may take longer."
        )
    if machine.ram_gib < profile.ram_gib:
        gaps.append(
            f"This machine has {machine.ram_gib:.1f} of the platform's {profile.ram_gib:g} GiB of memory: a case may"
            " fail here and pass there."
        )
    return tuple(gaps)
