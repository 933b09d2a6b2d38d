"""Exec generation of the platform: the container runs once for one case, and its exit status is the outcome."""

from __future__ import annotations

from collections.abc import Callable

from hnseg.platform.failure import explain

FAILED = 1


def run_once(work: Callable[[], None]) -> int:
    """Run a container's work, and explain on stderr why it failed.

    Args:
        work: Work on the one case.

    Returns:
        Exit status of the process: 0 when the work is done, 1 when it failed, and that of the SystemExit which a signal
        handler raised in it.
    """
    try:
        work()
    except SystemExit as stop:
        explain(stop)
        return stop.code if isinstance(stop.code, int) else FAILED
    except Exception as error:  # noqa: BLE001 (whatever it was, the platform shows stderr's last line)
        explain(error)
        return FAILED
    return 0
