"""Entry point of the image's challenge, by its environment; a Dockerfile's ENTRYPOINT can't hold a build argument."""

import os
import runpy

from hnseg.signals import end_on_signals

end_on_signals()
runpy.run_module(f"containers.{os.environ['HNSEG_CHALLENGE']}", run_name="__main__")
