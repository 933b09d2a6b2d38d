"""Deadline of a case, and the time kept for all that is not a pass of a network."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from hnseg.errors import DeadlineError
from hnseg.machine import process_started_s

MARGIN = 1.1
"""Factor by which work may take longer than it was measured to take."""
_FOLLOWING_S_PER_VOXEL = 1e-8  # of the image: to postprocess and write a label map; 0.6e-8 s on the same processor
_END_S = 0.3  # from the last line to the end of the container; see `benchmarks/limits.py`
_RESERVE = 0.05  # of the whole time: postprocessing, writing, ending
_LEAST_RESERVE = 0.02  # of the whole time, where it is known how long postprocessing and writing take
_ALARM_RESERVE = 0.01  # of the whole time, to end with what is there; less than what is kept for all that is planned
_LABELLING_S_PER_VOXEL = 2e-9  # and class; 0.2e-9 to 1.3e-9 s on a processor of 2024, most where no class leads clearly


@dataclass(frozen=True)
class Deadline:
    """Time by which a case must have ended.

    Attributes:
        limit_s: Seconds the case may take; infinite for no limit.
        started_s: Time, by `clock`, from which these seconds count.
        clock: Function that returns the time in seconds.
    """

    limit_s: float
    started_s: float
    clock: Callable[[], float] = time.monotonic

    @classmethod
    def never(cls) -> Deadline:
        """Return no deadline."""
        return cls(float("inf"), time.monotonic())

    @classmethod
    def from_process_start(cls, limit_s: float) -> Deadline:
        """Return the deadline of a process that may take so many seconds, its imports included."""
        return cls(limit_s, process_started_s())

    @property
    def is_limited(self) -> bool:
        """Whether there is a deadline at all."""
        return self.limit_s != float("inf")

    def elapsed_s(self) -> float:
        """Return the seconds that have gone by."""
        return self.clock() - self.started_s

    def remaining_s(self) -> float:
        """Return the seconds that are left; negative once the time is over."""
        return self.started_s + self.limit_s - self.clock()

    def check(self, done: str, keep_s: float = 0.0) -> None:
        """Stop once the time is over.

        Args:
            done: Work done by then, in words, for the sentence of the error.
            keep_s: Seconds that must be left for going on to be of use.

        Raises:
            DeadlineError: No more than `keep_s` is left.
        """
        if self.remaining_s() <= keep_s:
            raise self.passed(f"after {done}")

    def alarm_s(self) -> float:
        """Return the seconds after which whatever still runs must be given up for the process to end in time."""
        return self.remaining_s() - _END_S - _ALARM_RESERVE * self.limit_s if self.is_limited else float("inf")

    def passed(self, when: str) -> DeadlineError:
        """Return the error of a case whose time was over too early, `when` being its place in the work in words."""
        return DeadlineError(
            f"The case must end within {self.limit_s:g} s, but they were over {when}."
            " Is the machine slower than the model needs, or the limit too short for an image of this size?"
        )


@dataclass(frozen=True)
class LabelMapSize:
    """Size of the label map to be made, on which the time to make it depends.

    Attributes:
        planes: Number of planes of the network's grid along the axis on which they come one after another.
        cropped_voxels: Voxels of the cropped image, which are labelled.
        voxels: Voxels of the whole image, which are postprocessed and written.
        outputs: Number of classes or regions.
    """

    planes: int
    cropped_voxels: int
    voxels: int
    outputs: int

    def labelled_voxels(self, planes: int) -> int:
        """Return the voxels of the image that so many planes of the network's grid lead to."""
        return self.cropped_voxels * planes // self.planes


def ending_s(size: LabelMapSize, delivery_s: float | None = None) -> float:
    """Return the seconds to postprocess and write a label map and to end.

    Args:
        size: Size of the label map.
        delivery_s: Seconds that the delivery of a preview took; None where there was none, and it is estimated.
    """
    return _END_S + (_FOLLOWING_S_PER_VOXEL * size.voxels if delivery_s is None else MARGIN * delivery_s)


def reserve_s(
    deadline: Deadline,
    size: LabelMapSize,
    *,
    planes_left: int,
    measured_s: float = 0.0,
    delivery_s: float | None = None,
) -> float:
    """Return the seconds to keep for all that is not a pass of a network.

    Args:
        deadline: Deadline of the case; a part of its whole time is always kept.
        size: Size of the label map.
        planes_left: Number of planes that are still to be labelled.
        measured_s: Seconds to label these at the speed measured so far; 0 before any was. A machine may be slower than
            was expected.
        delivery_s: Seconds that the delivery of a preview took; None where there was none.
    """
    labelling_s = max(_LABELLING_S_PER_VOXEL * size.labelled_voxels(planes_left) * size.outputs, MARGIN * measured_s)
    if not deadline.is_limited:
        return labelling_s
    if delivery_s is None:
        return labelling_s + ending_s(size) + _RESERVE * deadline.limit_s
    return labelling_s + ending_s(size, 2 * delivery_s) + _LEAST_RESERVE * deadline.limit_s
