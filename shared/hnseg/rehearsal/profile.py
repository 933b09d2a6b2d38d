"""Limits of the platform as data, each with its source and the day it was read.

The challenge's own limits (time, memory, GPU memory) come from its `spec.py`; all others hold for every challenge.
A GB of the platform's memory is 2**30 bytes, as its code counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from pydantic import Field

from hnseg.machine import GIB
from hnseg.options import LIMIT_S
from hnseg.platform.spec import Limits
from hnseg.records import Frozen

_PLATFORM = "comic/grand-challenge.org at 9957bfc"
_SHIM = "DIAGNijmegen/rse-sagemaker-shim at b20f0a7"
_READ_PLATFORM = date(2025, 11, 15)
_READ_SHIM = date(2026, 3, 9)

ENVIRONMENT = {"LOG_LEVEL": "INFO", "PYTHONUNBUFFERED": "1", "no_proxy": "amazonaws.com"}
"""Variables that the platform adds to the environment of the container's process."""


class Rule(Frozen):
    """Limit as the report shows it."""

    name: str
    value: str
    source: str
    read_on: date


class Profile(Frozen):
    """Limits under which a case runs on the platform."""

    time_limit_s: float = Field(gt=0)
    """Time for a case. exec: from the start of the process to its end; invoke: the one call of /invoke."""
    ram_gib: float = Field(gt=0)
    vram_gib: float = Field(gt=0)
    reserved_gib: float = Field(default=1.0, ge=0)
    """Memory that the platform keeps for itself; RLIMIT_DATA of every process is the rest."""
    cpus: int = 4
    pids: int = 512
    grace_s: float = 5.0
    """Time between SIGTERM and SIGKILL."""
    health_limit_s: float = 300.0
    health_call_limit_s: float = 10.0
    port: int = 4743
    image_limit_gb: float = 10.0
    log_lines: int = 500
    log_line_limit_bytes: int = 65536
    segments_limit: int = 64
    environment: Mapping[str, str] = ENVIRONMENT
    """Variables added to the environment of the container's process."""
    rules: tuple[Rule, ...] = ()

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


def profile_of(limits: Limits, *, time_limit_s: float | None = None, ram_gib: float | None = None) -> Profile:
    """Return the platform's limits for one challenge.

    Args:
        limits: Limits of the challenge.
        time_limit_s: Time limit instead of the challenge's, which the container gets as well; None keeps it.
        ram_gib: Memory instead of the challenge's; None keeps it. More than 1, which the platform reserves.
    """
    plain = Profile(
        time_limit_s=time_limit_s or limits.time_s,
        ram_gib=ram_gib or limits.ram_gib,
        vram_gib=limits.vram_gib,
        environment=ENVIRONMENT | ({LIMIT_S.variable: str(time_limit_s)} if time_limit_s else {}),
    )
    own = (limits.source, limits.read_on)
    chosen = ("chosen for this rehearsal", date.today())
    given = (f"{chosen[0]}, and told to the container as {LIMIT_S.variable}", chosen[1])
    rules = (
        _rule("time for a case", f"{plain.time_limit_s:g} s", given if time_limit_s else own),
        _rule("memory", f"{plain.ram_gib:g} GiB", chosen if ram_gib else own),
        _rule("GPU memory", f"{plain.vram_gib:g} GiB", own),
        *_platform_rules(plain),
    )
    return plain.model_copy(update={"rules": rules})


def _platform_rules(profile: Profile) -> tuple[Rule, ...]:
    """Return the rules that hold for every challenge."""
    platform = (_PLATFORM, _READ_PLATFORM)
    shim = (_SHIM, _READ_SHIM)
    documentation = ("grand-challenge.org/documentation/runtime-environment", _READ_PLATFORM)
    return (
        _rule("data of a process (RLIMIT_DATA)", f"{profile.ram_gib - profile.reserved_gib:g} GiB", shim),
        _rule("shared memory (/dev/shm)", f"{profile.ram_gib / 2:g} GiB", documentation),
        _rule("processors", f"{profile.cpus} (ml.g4dn.xlarge)", platform),
        _rule("network", "none", documentation),
        _rule("past the time limit", f"SIGTERM, SIGKILL after {profile.grace_s:g} s", shim),
        _rule("invoke: healthy within", f"{profile.health_limit_s:g} s", shim),
        _rule("user", "not root", platform),
        _rule("writable", "/output and an empty /tmp", documentation),
        _rule("image size", f"{profile.image_limit_gb:g} GB", platform),
        _rule("output", "one MetaImage or TIFF a socket, Int8 or UInt8", platform),
    )


def _rule(name: str, value: str, source: tuple[str, date]) -> Rule:
    return Rule(name=name, value=value, source=source[0], read_on=source[1])
