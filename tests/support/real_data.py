"""Real volumes for the tests under tests/real: their folder, and the mark that skips a test without them."""

import pytest

from benchmarks.real_data import VARIABLE, real_data_dir

__all__ = ["needs_real_data", "real_data_dir"]


def needs_real_data(*names: str) -> pytest.MarkDecorator:
    """Return the mark that skips a test where one of the named files or folders is missing."""
    missing = [name for name in names if not (real_data_dir() / name).exists()]
    reason = f"needs {', '.join(missing)} in the folder that {VARIABLE} names"
    return pytest.mark.skipif(bool(missing), reason=reason)
