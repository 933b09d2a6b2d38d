"""Start of the container: segment what the platform mounted."""

from containers.hecktor import method
from containers.hecktor.spec import EDITIONS, SPEC
from hnseg.entrypoint import main

raise SystemExit(main(SPEC, method, editions=EDITIONS))
