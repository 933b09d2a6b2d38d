"""The platform's `exec` generation: the container runs once for one case, and its status says how it went."""

from __future__ import annotations

from collections.abc import Callable

from hnseg.platform.failure import explain

FAILED = 1


def run_once(work: Callable[[], None]) -> int:
    """Do a container's work, explaining on stderr why it failed.

    Returns:
        The process's status: 0 when the work is done, 1 when it failed, and that of the SystemExit which a signal
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
