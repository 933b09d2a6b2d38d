"""Profile under which a case is rehearsed: the platform's limits, and its rules with source and date.

The challenge's own limits (time, memory, GPU memory) come from its `spec.py`, all others from a profile file. A GB of
the platform's memory is 2**30 bytes, as its code counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Literal

from hnseg.machine import GIB
from hnseg.options import LIMIT_S
from hnseg.platform.spec import Limits
from hnseg.records import Frozen
from hnseg.rehearsal.profile_file import LIMITS, Count, Positive, ProfileFile, Rule, merged, read_profile, shipped_file


class Profile(Frozen):
    """Limits under which a case runs on the platform."""

    name: str
    api_method: Literal["exec", "invoke", "any"]
    """Generation of the platform's calls that the image must declare."""
    time_limit_s: Positive
    """Time for a case. exec: from the start of the process to its end; invoke: the one call of /invoke."""
    ram_gib: Positive
    vram_gib: Positive
    reserved_gib: float
    """Memory that the platform keeps for itself; RLIMIT_DATA of every process is the rest."""
    cpus: Count
    pids: Count
    """Most processes and threads of a container, for this machine's sake: the platform has no such limit."""
    grace_s: Positive
    """Time between SIGTERM and SIGKILL."""
    health_limit_s: Positive
    health_call_limit_s: Positive
    port: int
    image_limit_gb: Positive
    log_lines: Count
    log_line_limit_bytes: Count
    segments_limit: Count
    sums_time_limits: bool
    """Whether the cases share one limit, the sum of theirs, and one that fails fails all: a batch."""
    confinement: Literal["stricter", "platform"]
    """Confinement of a container: the platform's own, or that with a read-only root, no privileges, few processes."""
    environment: Mapping[str, str]
    """Variables added to the environment of the container's process."""
    rules: tuple[Rule, ...] = ()

    def of_job(self, cases: int) -> Profile:
        """Return the profile of a job of some cases, each of which may take what others leave where they share time."""
        return self.model_copy(update={"time_limit_s": self.time_limit_s * cases}) if self.sums_time_limits else self

    def as_strict_as_platform(self) -> Profile:
        """Return the profile with the platform's own confinement; its rules stay those of this one."""
        most = max(self.pids, shipped_file("as_strict_as_platform").pids or 0)
        return self.model_copy(update={"confinement": "platform", "pids": most})

    @property
    def data_limit_bytes(self) -> int:
        """Largest data segment of a process: RLIMIT_DATA."""
        return round((self.ram_gib - self.reserved_gib) * GIB)

    @property
    def ram_bytes(self) -> int:
        """Memory of the machine."""
        return round(self.ram_gib * GIB)

    @property
    def shm_bytes(self) -> int:
        """Size of /dev/shm: half the memory."""
        return self.ram_bytes // 2


def profile_of(
    limits: Limits,
    *,
    files: Sequence[ProfileFile] = (),
    time_limit_s: float | None = None,
    ram_gib: float | None = None,
    confinement: Literal["stricter", "platform"] = "stricter",
) -> Profile:
    """Return the platform's limits for one challenge.

    Args:
        limits: Limits of the challenge, which hold where no file gives others.
        files: Files of a profile, its base's first; empty for those of `exec`.
        time_limit_s: Time limit instead of these, which the container gets as well; None keeps them.
        ram_gib: Memory instead of these; None keeps them. More than 1, which the platform reserves.
        confinement: Confinement of the containers; `platform` overrides what a file says.
    """
    root, *others = files or read_profile("exec")
    platform = [shipped_file("as_strict_as_platform")] if confinement == "platform" else []
    whole = merged([root, _of_challenge(limits), *others, *platform, *_of_options(time_limit_s, ram_gib)])
    plain = Profile(**{key: value for key, value in whole.given.items() if key in Profile.model_fields})
    numbers = {key: getattr(plain, key) for key in LIMITS}
    numbers |= {"data_limit_gib": plain.data_limit_bytes / GIB, "shm_gib": plain.shm_bytes / GIB}
    return plain.model_copy(update={"rules": tuple(rule.worded(numbers) for rule in whole.rules)})


def _of_challenge(limits: Limits) -> ProfileFile:
    return ProfileFile(
        source=limits.source,
        read_on=limits.read_on,
        time_limit_s=limits.time_s,
        ram_gib=limits.ram_gib,
        vram_gib=limits.vram_gib,
    )


def _of_options(time_limit_s: float | None, ram_gib: float | None) -> Iterator[ProfileFile]:
    chosen, today = "chosen for this rehearsal", date.today()
    if ram_gib:
        yield ProfileFile(source=chosen, read_on=today, ram_gib=ram_gib)
    if time_limit_s:
        told = {LIMIT_S.variable: str(time_limit_s)}
        source = f"{chosen}, and told to the container as {LIMIT_S.variable}"
        yield ProfileFile(source=source, read_on=today, time_limit_s=time_limit_s, environment=told)
