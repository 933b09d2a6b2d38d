"""Run of a case in Apptainer, confined as closely to the platform as it can be without a service.

The container is a child of this program, so its clock, its signals and its memory are those of `process`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from hnseg.errors import EngineError
from hnseg.machine import processor_numbers
from hnseg.rehearsal.case_run import CaseRun
from hnseg.rehearsal.profile import Profile
from hnseg.rehearsal.running.apptainer.image import SifImage
from hnseg.rehearsal.running.apptainer.program import Apptainer, environment_of
from hnseg.rehearsal.running.engine import last_line
from hnseg.rehearsal.running.input_link import NO_LINK
from hnseg.rehearsal.running.process import Program, confined, run_program
from hnseg.rehearsal.running.workplace import Workplace

_CONTAINED = ("--containall", "--no-home", "--no-eval")
_NO_NETWORK = ("--net", "--network=none")
_OWN_FAILURE = 255
"""Status of Apptainer where it can't start a container; the last line then begins with FATAL."""
_KILLED = 137


@dataclass(frozen=True)
class ApptainerSetup:
    """Setup that all cases' containers have in common.

    Attributes:
        apptainer: Program that starts them.
        sif: Image.
        profile: Limits of the platform.
        gpus: Number of GPUs that are passed.
        cuts_network: Whether it can give a container a network without connections here.
        limits_memory: Whether it can limit a container's memory by a control group here.
        limits_processes: Likewise the number of its processes.
    """

    apptainer: Apptainer
    sif: SifImage
    profile: Profile
    gpus: int
    cuts_network: bool
    limits_memory: bool
    limits_processes: bool


def tried_setup(apptainer: Apptainer, sif: SifImage, profile: Profile, *, gpus: int) -> ApptainerSetup:
    """Return the setup with what is possible here: each option is tried with the image's `true`.

    Whether a network can be taken away, and whether control groups can be used, depends on how Apptainer was installed,
    on its configuration and on the user (control groups need version 2 and systemd, or root).
    """
    return ApptainerSetup(
        apptainer=apptainer,
        sif=sif,
        profile=profile,
        gpus=gpus,
        cuts_network=_is_possible(apptainer, sif, *_NO_NETWORK),
        limits_memory=_is_possible(apptainer, sif, f"--memory={profile.ram_bytes}"),
        limits_processes=_is_possible(apptainer, sif, f"--pids-limit={profile.pids}"),
    )


def _is_possible(apptainer: Apptainer, sif: SifImage, *options: str) -> bool:
    return apptainer.succeeds("--silent", "exec", *_CONTAINED, *options, str(sif.path), "true")


def apptainer_gaps(setup: ApptainerSetup) -> tuple[str, ...]:
    """Return the rules of the platform that Apptainer can't rehearse here, a sentence each."""
    return tuple(_gaps(setup))


def _gaps(setup: ApptainerSetup) -> Iterator[str]:
    yield NO_LINK
    yield "The container ran as this user, not as the image's USER."
    yield "The size of /dev/shm was not limited."
    yield "Whether another process keeps stdout or stderr open was seen from outside the container."
    if setup.sif.image is None:
        yield "The .sif file tells of no Docker image: USER, architecture, entry point and WORKDIR were not checked."
    if not setup.cuts_network:
        yield "Apptainer can't take the network away here: a case that asks the network was not stopped."
    if not setup.limits_memory:
        yield (
            "Apptainer can't limit memory here (it needs control groups of version 2 with systemd, or root): memory was"
            " limited for each process (RLIMIT_DATA) and watched for all together, not by the kernel."
        )
    if not setup.limits_processes:
        yield "Apptainer can't limit the number of processes and threads here."


def run_in_apptainer(setup: ApptainerSetup, work: Workplace) -> CaseRun:
    """Run a case: the container starts, writes its output and ends by itself.

    Raises:
        EngineError: Apptainer could not start the container.
    """
    environment = environment_of(setup.profile.environment)
    program = Program(_command(setup, work), work.scratch_dir, environment)
    run = run_program(program, setup.profile, setup.gpus, work)
    if run.exit_code == _OWN_FAILURE and (reason := _fatal(work.stderr)):
        raise EngineError(f"{setup.apptainer.version} could not start the container: {reason}", engine_says=reason)
    # A container that its control group kills ends by SIGKILL, and nothing else tells why.
    killed = run.memory_killed or (setup.limits_memory and not run.timed_out and run.exit_code == _KILLED)
    return replace(run, memory_killed=killed)


def _command(setup: ApptainerSetup, work: Workplace) -> list[str]:
    profile = setup.profile
    cpus = processor_numbers()[: profile.cpus]
    limits = confined(profile.data_limit_bytes, cuts_network=False, cpus=cpus)
    return [*limits, setup.apptainer.path, "--silent", "run", *run_options(setup, work), str(setup.sif.path)]


def run_options(setup: ApptainerSetup, work: Workplace) -> list[str]:
    """Return the options that confine a container as the platform does, or more strictly."""
    profile = setup.profile
    is_stricter = profile.confinement == "stricter"
    return [
        *_CONTAINED,
        f"--workdir={work.scratch_dir}",  # holds /tmp, which would be small otherwise
        f"--pwd={setup.sif.working_dir}",  # Apptainer takes no heed of WORKDIR
        _mount(work.input_dir, "/input", is_readonly=True),
        _mount(work.output_dir, "/output"),
        _mount(work.model_dir, "/opt/ml/model", is_readonly=is_stricter),
        *(_NO_NETWORK if setup.cuts_network else ()),
        *([f"--memory={profile.ram_bytes}"] if setup.limits_memory else []),
        *([f"--pids-limit={profile.pids}"] if setup.limits_processes else []),
        *(["--no-privs"] if is_stricter and os.geteuid() == 0 else []),
        *([] if is_stricter else ["--writable-tmpfs"]),
        *(["--nv"] if setup.gpus else []),
    ]


def _mount(source: Path, target: str, *, is_readonly: bool = False) -> str:
    return f"--mount=type=bind,src={source},dst={target}{',ro' if is_readonly else ''}"


def _fatal(stderr: Path) -> str:
    """Return Apptainer's own last line on stderr; empty where the last line is the image's."""
    last = last_line(stderr.read_text(encoding="utf-8", errors="backslashreplace"))
    return last.removeprefix("FATAL:").strip() if last.startswith("FATAL:") else ""


def check_kind(sif: SifImage) -> None:
    """Check that an image is run once for a case.

    Raises:
        EngineError: It serves requests.
    """
    if sif.image is not None and sif.image.api_method == "invoke":
        raise EngineError(
            "An image for --engine apptainer must be of the API method exec, but this one serves requests (invoke)."
            " Rehearse it with docker or podman."
        )
