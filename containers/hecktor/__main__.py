"""Entry point of the container: segment the case that the platform mounted."""

from containers.hecktor import method
from containers.hecktor.spec import EDITIONS, SPEC
from hnseg.entrypoint import main

raise SystemExit(main(SPEC, method, editions=EDITIONS))
