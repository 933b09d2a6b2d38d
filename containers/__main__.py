"""Starts the challenge that the image was built for; a Dockerfile's ENTRYPOINT can't hold a build argument itself."""

import os
import runpy

runpy.run_module(f"containers.{os.environ['HNSEG_CHALLENGE']}", run_name="__main__")
