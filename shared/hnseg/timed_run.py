"""Run of one case of a challenge within its time: the one way, of a container and of a cohort."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from hnseg.errors import TimeOverError
from hnseg.inference.further.asked import NO_FURTHER, FurtherMembers
from hnseg.platform.writing import is_output_complete
from hnseg.rule.model import RuleModel
from hnseg.rule.run import check_no_uncertainty, decide_case

if TYPE_CHECKING:
    from hnseg.inference.ensemble import Predictor
    from hnseg.inference.planning.deadline import Deadline
    from hnseg.options import Skip
    from hnseg.platform.challenge import Challenge
    from hnseg.platform.input_files import InputFiles
    from hnseg.provenance import Provenance


def run_in_time(  # noqa: PLR0913 (a case's inputs, and its limits)
    challenge: Challenge,
    load: Callable[[], Predictor | RuleModel],
    *,
    inputs: Path | InputFiles,
    output_dir: Path,
    deadline: Deadline,
    skip: Skip,
    provenance: Provenance,
    uncertainty_dir: Path | None = None,
    further: FurtherMembers = NO_FURTHER,
) -> None:
    """Load and run; where the time is over before the end, it ends with the output that was written by then.

    Passes of networks keep to the time by themselves. The alarm is for what nobody planned: a start, a preparation or
    a single pass that takes too long. To be used in the main thread.

    Args:
        challenge: Challenge of the case.
        load: Function that returns the ensemble, or the settings of a rule; its loading counts as the case's time.
        inputs: Folder of the input sockets, or the files by socket.
        output_dir: Folder that receives the outputs; it holds none before.
        deadline: Time by which the case must have ended.
        skip: Tiles that the networks need not predict.
        provenance: Record of the case; it is added to.
        uncertainty_dir: Folder that receives the ensemble's uncertainty; None for none.
        further: Members that the uncertainty has beyond the folds.

    Raises:
        HnsegError: As `hnseg.pipeline.run_case` and `load` raise it; a DeadlineError where the time is over and there
            is no complete output.
    """
    try:
        with alarm_after(deadline.alarm_s()):
            _run(challenge, load(), inputs, output_dir, deadline, skip, provenance, uncertainty_dir, further)
    except TimeOverError:
        if not is_output_complete(challenge.spec, output_dir):
            raise deadline.passed("before there was a label map") from None
        provenance.note(
            f"The output is the label map that was written before {deadline.limit_s:g} s were over, since there was no"
            " time to end as planned."
        )


def _run(  # noqa: PLR0913, PLR0917 (as above)
    challenge: Challenge,
    model: Predictor | RuleModel,
    inputs: Path | InputFiles,
    output_dir: Path,
    deadline: Deadline,
    skip: Skip,
    provenance: Provenance,
    uncertainty_dir: Path | None,
    further: FurtherMembers,
) -> None:
    if isinstance(model, RuleModel):
        check_no_uncertainty(is_asked=uncertainty_dir is not None)
        provenance.record(model_sha256=model.sha256)
        decide_case(challenge, model, inputs=inputs, output_dir=output_dir, provenance=provenance)
        return
    # torch is imported here, not above: a rule, a wrong argument or output folder should not wait for it.
    from hnseg.inference.planning.effort import Effort
    from hnseg.pipeline import run_case

    provenance.record(model_sha256=model.bundle.sha256)
    run_case(
        challenge,
        model,
        inputs=inputs,
        output_dir=output_dir,
        deadline=deadline,
        effort=Effort(skip=skip),
        provenance=provenance,
        uncertainty_dir=uncertainty_dir,
        further=further,
    )


@contextmanager
def alarm_after(seconds: float) -> Iterator[None]:
    """Raise TimeOverError in the work when so many seconds have gone by; the former handler comes back.

    It is raised between two steps of Python, so that a call into a library is waited for. To be used in the main
    thread.

    Args:
        seconds: Seconds of the real clock; with 0 or less it is raised at once, and never where they
            are infinite.

    Raises:
        TimeOverError: The time is over.
    """
    if seconds <= 0:
        raise TimeOverError

    def ring(_number: int, _frame: Any) -> NoReturn:
        """Unwind the work."""
        raise TimeOverError

    former = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, min(seconds, threading.TIMEOUT_MAX))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)
