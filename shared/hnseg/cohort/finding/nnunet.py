"""Layout of nnU-Net's `imagesTs`: a file a channel, numbered at the end of its name.

`<case>_0000.nii.gz` is the first channel of a case, `<case>_0001.nii.gz` the second one; any format that is read is
accepted. For a challenge, channel k is its k-th image socket.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from hnseg.cohort.finding.found import FoundCohort
from hnseg.cohort.finding.slots import Slot, case_of
from hnseg.cohort.finding.untaken import untaken_in
from hnseg.imaging.files.formats import READ, has_suffix, stem_of
from hnseg.imaging.files.visible import visible_in

_NUMBERED = re.compile(r"(.+)_([0-9]{4})")


def is_numbered(path: Path) -> bool:
    """Return whether a file's name ends with the number of a channel, before the suffix of an image."""
    return _parts(path.name) is not None


def find_numbered(folder: Path, slots: Sequence[Slot]) -> FoundCohort:
    """Return the cases of a folder whose images are numbered by channel.

    Args:
        folder: Absolute path of the folder.
        slots: Slot of each channel; files with higher numbers belong to no case.
    """
    found: dict[str, dict[str, list[Path]]] = {}
    for path in visible_in(folder):
        if (parts := _parts(path.name)) and parts[1] < len(slots):
            found.setdefault(parts[0], {}).setdefault(slots[parts[1]].key, []).append(path)
    taken = {path for files in found.values() for paths in files.values() for path in paths}
    cases = tuple(case_of(name, slots, files) for name, files in sorted(found.items()))
    return FoundCohort(cases, "nnunet", tuple(untaken_in(folder, taken)))


def _parts(name: str) -> tuple[str, int] | None:
    """Return the case and the channel that an image's name tells; None where it tells none."""
    match = _NUMBERED.fullmatch(stem_of(name)) if has_suffix(name, READ) else None
    return (match[1], int(match[2])) if match else None
