"""Where cases run: in a container engine, or as plain processes."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from hnseg.errors import ModelError
from hnseg.platform.challenge import EDITION
from hnseg.rehearsal.case_run import Runner
from hnseg.rehearsal.cases import size_bytes, unreadable_for_others
from hnseg.rehearsal.findings import Finding, warning
from hnseg.rehearsal.machine import Machine, this_machine
from hnseg.rehearsal.profile import Profile
from hnseg.rehearsal.results import ImageFacts
from hnseg.rehearsal.running.container import ContainerSetup, run_exec
from hnseg.rehearsal.running.engine import Engine
from hnseg.rehearsal.running.image import Image, build_image, check_image, look_at_image
from hnseg.rehearsal.running.process import ProcessSetup, can_cut_network, process_gaps, run_process
from hnseg.rehearsal.running.serving import run_invoke

_UNVERIFIED_QUOTA_GB = 2  # comic/grand-challenge.org at 9957bfc, config/settings.py


@dataclass(frozen=True)
class Stage:
    """What runs the cases.

    Attributes:
        name: The engine and its version, or process.
        run: Runs one case.
        image: What is known of the image; None for a process.
        findings: What the platform would say of image and model before anything runs.
        gaps: What can't be imitated here, a sentence each.
    """

    name: str
    run: Runner
    image: ImageFacts | None = None
    findings: tuple[Finding, ...] = ()
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True)
class ImageChoice:
    """Which image to rehearse.

    Attributes:
        tag: An image that exists; empty to build one.
        build_arguments: For the Dockerfile, beside CHALLENGE. Each EDITION gets a tag of its own.
    """

    tag: str = ""
    build_arguments: Mapping[str, str] = field(default_factory=dict)


def container_stage(
    engine: Engine, container_dir: Path, choice: ImageChoice, model_dir: Path, profile: Profile, *, gpu: bool
) -> Stage:
    """Build or find the image, look at it as the platform does, and return where its cases run.

    Args:
        engine: The container engine.
        container_dir: The challenge's folder.
        choice: Which image.
        model_dir: Mounted as /opt/ml/model.
        profile: The limits.
        gpu: Whether to pass the GPUs there are.

    Raises:
        EngineError: The image can't be built or found.
        ModelError: The container's user could not read the model.
    """
    about_model = _check_model(model_dir)
    tag = choice.tag
    if not tag:
        edition = choice.build_arguments.get("EDITION")
        tag = f"hnseg-{container_dir.name}:rehearsal" + (f"-{edition}" if edition else "")
        build_image(engine, container_dir, tag=tag, arguments=choice.build_arguments)
    image = look_at_image(engine, tag)
    machine = this_machine()
    gpus, no_gpu = passable_gpus(engine, machine) if gpu else (0, ())
    setup = ContainerSetup(engine, tag, profile, gpus)
    return Stage(
        name=engine.facts.version,
        run=partial(run_invoke if image.api_method == "invoke" else run_exec, setup),
        image=_facts(image),
        findings=(*check_image(image, profile), *about_model),
        gaps=(*_engine_gaps(engine), *no_gpu, *_machine_gaps(machine, profile)),
    )


def process_stage(container_dir: Path, profile: Profile, *, gpu: bool, edition: str = "") -> Stage:
    """Return a stage on which each case is a process: `python -m containers.<challenge>` of this installation.

    Args:
        container_dir: The challenge's folder.
        profile: The limits.
        gpu: Whether the processes see the GPUs there are.
        edition: Told to the process; empty for the challenge's default.
    """
    container_dir = container_dir.resolve()
    if edition:
        profile = profile.model_copy(update={"environment": {**profile.environment, EDITION: edition}})
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
    return Stage(
        name="process",
        run=partial(run_process, setup),
        gaps=(*process_gaps(cuts_network=cuts_network), *_machine_gaps(machine, profile)),
    )


def _facts(image: Image) -> ImageFacts:
    return ImageFacts(
        tag=image.tag,
        sha256=image.identifier,
        user=image.user,
        architecture=image.architecture,
        api_method=image.api_method,
        size_gb=image.size_bytes / 1e9,
    )


def _check_model(model_dir: Path) -> tuple[Finding, ...]:
    hidden = unreadable_for_others(model_dir)
    if hidden:
        raise ModelError(
            f"Every file of the model must be readable for the container's user, but {len(hidden)} can't be read by"
            f" others, such as {hidden[0]}. The platform hands them to that user; here, run: chmod -R a+rX {model_dir}"
        )
    size_gb = size_bytes(model_dir) / 1e9
    if size_gb > _UNVERIFIED_QUOTA_GB:
        return (
            warning(
                "model",
                f"The model holds {size_gb:.1f} GB; an account that is not verified may upload"
                f" {_UNVERIFIED_QUOTA_GB:g} GB in all.",
            ),
        )
    return ()


def passable_gpus(engine: Engine, machine: Machine) -> tuple[int, tuple[str, ...]]:
    """Return how many GPUs the engine can pass to a container, and what to say if that is none."""
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
