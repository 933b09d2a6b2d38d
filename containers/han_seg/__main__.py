"""Entry point of the container: segment the case that the platform mounted."""

from containers.han_seg import method
from containers.han_seg.spec import SPEC
from hnseg.entrypoint import main

raise SystemExit(main(SPEC, method))
