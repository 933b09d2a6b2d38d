import subprocess
import sys

from hnseg.robustness.perturbations.kind import KINDS


def test_kinds_have_the_published_order():
    assert KINDS == ("motion", "ghosting", "spike", "bias", "noise", "blur")


def test_naming_them_waits_for_no_image_library():
    program = "import sys, hnseg.robustness.perturbations.kind; print(*sys.modules)"
    modules = subprocess.check_output([sys.executable, "-c", program], text=True).split()
    assert not {"SimpleITK", "scipy"} & set(modules)
