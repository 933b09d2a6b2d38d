"""Profile files: what the platform, or a phase of a challenge, gives a container, as data with source and date.

`exec`, `invoke` and `batch` are shipped, in the folder `profiles`. A file of the user's names one of them as its base
and holds only what differs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from functools import reduce
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from hnseg.bounded_files import read_bounded
from hnseg.errors import InputError
from hnseg.records import Frozen, Text, first_problem

SHIPPED = ("exec", "invoke", "batch")
"""Names of the profiles that are shipped."""
LIMITS = (
    "time_limit_s", "ram_gib", "vram_gib", "reserved_gib", "cpus", "pids", "grace_s", "health_limit_s",
    "health_call_limit_s", "port", "image_limit_gb", "log_lines", "log_line_limit_bytes", "segments_limit",
)  # fmt: skip
"""Keys of a file that are numbers."""
DERIVED = ("data_limit_gib", "shm_gib")
"""Numbers that follow from them: RLIMIT_DATA and the size of /dev/shm."""
_FOLDER = Path(__file__).parent / "profiles"
_PLACE = re.compile(r"\{(\w+)\}")
"""Place in a rule's text that stands for a limit, such as {cpus}."""

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(gt=0)]


class Rule(Frozen):
    """Rule of the platform, and what the rehearsal does with it."""

    name: Text
    value: Text
    """Rule in words; in a file, `{cpus}` stands for that limit."""
    source: Text
    read_on: date
    rehearsed: Literal["imitated", "stricter", "not imitated"] = "not imitated"
    here: Text = ""
    """Rule of the rehearsal where that is stricter."""

    def worded(self, limits: Mapping[str, float]) -> Rule:
        """Return the rule with numbers in the places of limits."""
        texts = {
            key: _PLACE.sub(lambda found: f"{limits[found[1]]:g}", getattr(self, key)) for key in ("value", "here")
        }
        return self.model_copy(update=texts)

    @property
    def places(self) -> set[str]:
        """Names of the limits that the rule's text has places for."""
        return set(_PLACE.findall(self.value + self.here))


class ProfileFile(Frozen):
    """Content of a profile file. What is null or left out is the base's, or the challenge's."""

    name: Text | None = None
    base: Literal["exec", "invoke", "batch"] | None = None
    source: Text
    """Source of what this file says, and the day on which it was read; a rule may have its own."""
    read_on: date
    api_method: Literal["exec", "invoke", "any"] | None = None
    """Generation of the platform's calls that the image must declare."""
    time_limit_s: Positive | None = None
    ram_gib: Annotated[float, Field(gt=1, allow_inf_nan=False)] | None = None
    vram_gib: Positive | None = None
    reserved_gib: Annotated[float, Field(ge=0, le=1)] | None = None
    cpus: Count | None = None
    pids: Count | None = None
    grace_s: Positive | None = None
    health_limit_s: Positive | None = None
    health_call_limit_s: Positive | None = None
    port: Annotated[int, Field(gt=0, lt=65536)] | None = None
    image_limit_gb: Positive | None = None
    log_lines: Count | None = None
    log_line_limit_bytes: Count | None = None
    segments_limit: Count | None = None
    sums_time_limits: bool | None = None
    """Whether the cases of a job share one limit, the sum of theirs."""
    confinement: Literal["stricter", "platform"] | None = None
    environment: Mapping[str, str] = Field(default_factory=dict)
    """Variables that are added to the environment of the container's process."""
    rules: tuple[Rule, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _rules_without_a_source_have_the_files(cls, content: Any) -> Any:
        if not isinstance(content, dict) or not isinstance(content.get("rules"), list):
            return content
        own = {key: content[key] for key in ("source", "read_on") if key in content}
        rules = [own | rule if isinstance(rule, dict) else rule for rule in content["rules"]]
        return {**content, "rules": rules}

    @field_validator("rules")
    @classmethod
    def _places_are_those_of_limits(cls, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        unknown = sorted({place for rule in rules for place in rule.places} - {*LIMITS, *DERIVED})
        if unknown:
            raise ValueError(f"{{{unknown[0]}}} is no limit")
        return rules

    @property
    def given(self) -> dict[str, Any]:
        """Values of the keys that this file gives, but for its rules."""
        values = {key: getattr(self, key) for key in type(self).model_fields if key != "rules"}
        return {key: value for key, value in values.items() if value is not None}


def read_profile(name_or_file: str) -> list[ProfileFile]:
    """Return a profile's files, its base's first.

    Args:
        name_or_file: Name of a shipped profile, or path of a file, which must name its base.

    Raises:
        InputError: The file can't be read, or does not have the form of a profile.
    """
    if name_or_file in SHIPPED:
        return _with_bases(shipped_file(name_or_file))
    path = Path(name_or_file)
    own = _read(path)
    if own.base is None:
        raise InputError(
            f"A profile must name its base, one of {', '.join(SHIPPED)}, but {path} has no key base."
            ' Add for example "base": "invoke".'
        )
    return _with_bases(own)


def shipped_file(name: str) -> ProfileFile:
    """Return the content of a file in the folder `profiles`, by its name without suffix."""
    return _read(_FOLDER / f"{name}.json")


def merged(files: Iterable[ProfileFile]) -> ProfileFile:
    """Return files laid over each other, the later ones over the earlier ones.

    A rule replaces one of the same name. A rule whose limit is given by a later file has that file's source.
    """
    return reduce(_laid_over, files)


def _with_bases(file: ProfileFile) -> list[ProfileFile]:
    return [file] if file.base is None else [*_with_bases(shipped_file(file.base)), file]


def _laid_over(below: ProfileFile, above: ProfileFile) -> ProfileFile:
    given = above.given
    own_names = {rule.name for rule in above.rules}
    told_anew = {"source": above.source, "read_on": above.read_on}
    kept = [
        rule.model_copy(update=told_anew) if rule.places & given.keys() else rule
        for rule in below.rules
        if rule.name not in own_names
    ]
    environment = {**below.environment, **above.environment}
    return below.model_copy(update={**given, "environment": environment, "rules": (*kept, *above.rules)})


def _read(path: Path) -> ProfileFile:
    try:
        return ProfileFile.model_validate_json(read_bounded(path))
    except OSError as error:
        raise InputError(
            f"A profile must be one of {', '.join(SHIPPED)}, or a JSON file, but {path} can't be read"
            f" ({error.strerror}). Is the name misspelt?"
        ) from error
    except ValidationError as error:
        raise InputError(
            f"{path} must be a profile as docs/formats.md describes it, but {first_problem(error, ProfileFile)}."
            " Was a key misspelt, or left out?"
        ) from error
