"""Entry point of the image's challenge, by its environment; a Dockerfile's ENTRYPOINT can't hold a build argument.

With the one word `selftest` it tests the container's device instead, without a case.
"""

import os
import runpy
import sys
from pathlib import Path

from hnseg.signals import end_on_signals

end_on_signals()
if sys.argv[1:] == ["selftest"]:
    runpy.run_module("hnseg.selftest", run_name="__main__")
    sys.exit()
challenge = os.environ.get("HNSEG_CHALLENGE", "")
known = sorted(path.parent.name for path in Path(__file__).parent.glob("*/__main__.py"))
if challenge not in known:
    sys.stderr.write(f"HNSEG_CHALLENGE must be one of {', '.join(known)}, found {challenge!r}. Is it misspelt?\n")
    sys.exit(2)
runpy.run_module(f"containers.{challenge}", run_name="__main__")
