from hnseg.entrypoint import main
from tests.support.answering import method
from tests.support.answering.spec import EDITIONS, SPEC

raise SystemExit(main(SPEC, method, editions=EDITIONS))
