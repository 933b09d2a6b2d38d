"""Numbers of members beyond the folds."""

import re
import subprocess
import sys

import pytest

from hnseg.errors import InputError
from hnseg.inference.further.asked import NO_FURTHER, FurtherMembers


def test_none_are_asked_for_by_default():
    assert FurtherMembers() == NO_FURTHER == FurtherMembers(dropout=0, tta=0)


def test_negative_numbers_are_refused():
    with pytest.raises(InputError, match=re.escape("must not be negative, but are 0 and -1")):
        FurtherMembers(tta=-1)


def test_asking_imports_no_torch():
    code = "import sys, hnseg.inference.further.asked; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
