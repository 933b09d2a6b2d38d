import importlib.util

import pytest

from hnseg.cli.rtstruct.series import needs_pydicom
from hnseg.errors import InputError


def test_without_pydicom_the_extra_is_named(monkeypatch):
    needs_pydicom()
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(InputError, match=r'Install hnseg with the extra: "hnseg\[dicom\]"'):
        needs_pydicom()
