from hnseg.entrypoint import main
from tests.answering import method
from tests.answering.spec import EDITIONS, SPEC

raise SystemExit(main(SPEC, method, editions=EDITIONS))
