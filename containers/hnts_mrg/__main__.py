"""Entry point of the container: segment the case that the platform mounted."""

from containers.hnts_mrg import method
from containers.hnts_mrg.spec import SPEC
from hnseg.entrypoint import main

raise SystemExit(main(SPEC, method))
