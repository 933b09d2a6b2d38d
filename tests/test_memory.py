import resource
import subprocess
import sys

import pytest

from hnseg.memory import limit_gib


def test_the_peak_grows_with_what_is_used_and_stays():
    child = (
        "from hnseg.memory import peak_gib; before = peak_gib();"
        "block = bytearray(1 << 28); during = peak_gib(); del block; print(during - before, peak_gib() - before)"
    )
    grown = subprocess.run([sys.executable, "-c", child], capture_output=True, text=True, check=True).stdout.split()
    assert [float(gib) for gib in grown] == pytest.approx([0.25, 0.25], abs=0.01)


def test_the_peak_is_the_processs_own_not_its_parents():
    block = bytearray(1 << 29)  # half a GiB here; the child has none of it
    child = [sys.executable, "-c", "from hnseg.memory import peak_gib; print(peak_gib())"]
    assert float(subprocess.run(child, capture_output=True, text=True, check=True).stdout) < 0.2
    assert len(block) == 1 << 29


@pytest.mark.parametrize("kind", [resource.RLIMIT_DATA, resource.RLIMIT_AS])
def test_a_limit_of_the_process_counts(kind):
    child = (
        "import resource; from hnseg.memory import limit_gib;"
        f"resource.setrlimit({kind}, (1 << 30, 1 << 30)); print(limit_gib())"
    )
    assert 1 < limit_gib() < 1e5
    assert float(subprocess.run([sys.executable, "-c", child], capture_output=True, check=True).stdout) == 1
