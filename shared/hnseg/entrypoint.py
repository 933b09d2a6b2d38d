"""Start of a container: what a challenge's `__main__.py` calls, in both generations of the platform.

Its options and the environment variables it obeys are those of `hnseg.options`; `--help` lists them. stdout gets a line
an event and the provenance as one line of JSON; stderr stays empty unless something went wrong or needs to be known.
"""

from __future__ import annotations

import argparse
import logging
import math
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from hnseg import options
from hnseg.errors import InputError, StoppedWithOutputError
from hnseg.inference.planning.deadline import Deadline
from hnseg.machine import process_started_s
from hnseg.platform.challenge import Challenge, choose_edition
from hnseg.platform.exec import run_once
from hnseg.platform.failure import explain, sentence_of
from hnseg.platform.invoke import PORT, serve
from hnseg.platform.spec import ChallengeSpec
from hnseg.platform.writing import clear_output, withdraw_output, write_empty
from hnseg.progress.watcher import ProgressLog, Watcher
from hnseg.provenance import Provenance, warnings_on_stderr
from hnseg.rule.model import RuleModel, open_model
from hnseg.signals import unwind_on_signals
from hnseg.timed_run import run_in_time

if TYPE_CHECKING:
    from hnseg.inference.ensemble import Predictor
    from hnseg.options import BackendName, CheckpointName, Device, Precision, Skip

logger = logging.getLogger(__name__)

USAGE = 2
_MODEL_DIR = Path("/opt/ml/model")


@dataclass(frozen=True)
class _Request:
    """Requested run: folders and options from the command line and the environment."""

    challenge: Challenge
    input_dir: Path
    output_dir: Path
    model_dirs: tuple[Path, ...]
    device: Device
    precision: Precision
    backend: BackendName
    checkpoint: CheckpointName
    skip: Skip
    limit_s: float
    serves: bool
    port: int
    empty_on_error: bool


def main(
    spec: ChallengeSpec,
    method: Any,
    argv: Sequence[str] | None = None,
    *,
    editions: Mapping[str, ChallengeSpec] = MappingProxyType({}),
) -> int:
    """Run a container's program: segment the mounted case, or serve until stopped.

    Args:
        spec: The challenge's description, where HNSEG_EDITION names no other.
        method: Its module `method.py`.
        argv: Arguments instead of the command line's.
        editions: The challenge's editions by name; left out where there is only the one.

    Returns:
        The process's status, as `run` says; 2 for an edition that does not exist.
    """
    try:
        challenge = Challenge(choose_edition(spec, editions, os.environ.get(options.EDITION.variable)), method)
    except InputError as error:
        explain(error)
        return USAGE
    return run(challenge, argv)


def run(challenge: Challenge, argv: Sequence[str] | None = None, *, progress: Watcher | None = None) -> int:
    """Do as `main` does, for a challenge whose edition is chosen.

    Args:
        challenge: Challenge whose program is run.
        argv: Arguments instead of the command line's.
        progress: Watcher that tells how far each case is; None for lines of the log.

    Returns:
        The process's status: 0 when every output is written and checked, 1 after an explanation on stderr, 143 when
        stopped by SIGTERM. Wrong arguments end with status 2.
    """
    request = _request(challenge, argv)
    with _lines_on_stdout(), unwind_on_signals():
        if request.serves:
            return run_once(lambda: serve(lambda: _loaded(request), port=request.port))
        watcher = ProgressLog() if progress is None else progress
        return run_once(
            lambda: _segment(request, lambda: _load(request, watcher), watcher, started_s=process_started_s())
        )


def _loaded(request: _Request) -> Callable[[], None]:
    """Load the ensemble and return what segments one case with it; only then does a case's clock run."""
    ensemble = _load(request, ProgressLog())
    return lambda: _segment(request, lambda: ensemble, ProgressLog(), started_s=time.monotonic())


def _segment(
    request: _Request, load: Callable[[], Predictor | RuleModel], progress: Watcher, *, started_s: float
) -> None:
    """Segment one case: afterwards there is a complete output, or none and an error.

    Only a signal that stops the case may leave both.
    """
    spec = request.challenge.spec
    clear_output(spec, request.output_dir)
    provenance = Provenance(started_s, progress)
    provenance.record(challenge=spec.name, limit_s=request.limit_s)
    try:
        run_in_time(
            request.challenge,
            load,
            inputs=request.input_dir,
            output_dir=request.output_dir,
            deadline=Deadline(request.limit_s, started_s),
            skip=request.skip,
            provenance=provenance,
        )
    except StoppedWithOutputError:
        logger.info("%s", provenance.as_json())
        raise
    except Exception as error:
        withdraw_output(spec, request.output_dir)  # a first look's, maybe
        if not request.empty_on_error:
            raise
        _write_empty_outputs(request, error, provenance)
    logger.info("%s", provenance.as_json())


def _write_empty_outputs(request: _Request, error: Exception, provenance: Provenance) -> None:
    """Write empty outputs instead of failed ones, and say so; a reference without a readable grid still fails."""
    from hnseg.platform.reading import read_reference_grid

    spec = request.challenge.spec
    write_empty(spec, read_reference_grid(spec, request.input_dir), request.output_dir)
    explain(error)
    unknown = f" AND ITS ENTROPY THE LARGEST ({spec.most_entropy:.4g} nats)" if spec.has_map("entropy") else ""
    asked = f"THE OUTPUT IS EMPTY{unknown}, as HNSEG_ON_ERROR=empty asks"
    sentence = f"{asked}, because the case failed: {sentence_of(error)}"
    provenance.note(sentence)
    sys.stderr.write(f"{sentence}\n")


def _load(request: _Request, progress: Watcher) -> Predictor | RuleModel:
    """Load the networks, or the settings of a rule where these ask for one."""
    with progress.step("load"):
        model = open_model(request.model_dirs, request.challenge.method, checkpoint=request.checkpoint)
        if isinstance(model, RuleModel):
            return model
        # torch is imported here, not above: a wrong argument or output folder should not wait for it.
        from hnseg.inference.loading import load_models

        ensemble = load_models(
            model,
            device=request.device,
            vram_gib=request.challenge.spec.limits.vram_gib,
            precision=request.precision,
            backend=request.backend,
        )
    logger.info("ensemble loaded %.1f s after process start", time.monotonic() - process_started_s())
    return ensemble


def _request(challenge: Challenge, argv: Sequence[str] | None) -> _Request:
    limit_s = os.environ.get(options.LIMIT_S.variable) or str(challenge.spec.limits.time_s)
    parser = argparse.ArgumentParser(
        prog=challenge.spec.name,
        description=challenge.spec.title,
        epilog=options.environment_table(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--input", type=Path, default=Path("/input"), help="the sockets' folders (default: %(default)s)"
    )
    parser.add_argument(
        "--output", type=Path, default=Path("/output"), help="receives the result (default: %(default)s)"
    )
    parser.add_argument(
        "--model",
        type=Path,
        action="append",
        help="weights; given again, those of a further model, whose probabilities are averaged (default:"
        f" {_MODEL_DIR})",
    )
    for option in (options.DEVICE, options.PRECISION, options.BACKEND, options.CHECKPOINT, options.SKIP):
        option.add_to(parser)
    parser.add_argument(
        "--limit-s", type=_seconds, default=limit_s, help="seconds a case may take (default: %(default)s)"
    )
    parser.add_argument("--port", type=_port, default=PORT, help="where to serve, if that is asked for")
    given = parser.parse_args(argv)
    return _Request(
        challenge=challenge,
        input_dir=given.input,
        output_dir=given.output,
        model_dirs=tuple(given.model or (_MODEL_DIR,)),
        device=given.device,
        precision=given.precision,
        backend=given.backend,
        checkpoint=given.checkpoint,
        skip=given.skip,
        limit_s=given.limit_s,
        serves=options.API_METHOD.from_environment(parser) == "invoke",
        port=given.port,
        empty_on_error=options.ON_ERROR.from_environment(parser) == "empty",
    )


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"must be seconds over 0, found {text!r}")
    return value


def _port(text: str) -> int:
    value = int(text) if text.isascii() and text.isdigit() else 0
    if not 0 < value < 2**16:
        raise argparse.ArgumentTypeError(f"must be a number from 1 to 65535, found {text!r}")
    return value


@contextmanager
def _lines_on_stdout() -> Iterator[None]:
    """Send the log, and with it Python's warnings, to stdout, a line an event, and our own warnings to stderr too."""
    root = logging.getLogger()
    former, level = root.handlers, root.level
    logging.captureWarnings(True)
    root.handlers = [logging.StreamHandler(sys.stdout), warnings_on_stderr()]
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        logging.captureWarnings(False)
        root.handlers = former
        root.setLevel(level)
