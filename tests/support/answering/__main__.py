from hnseg.entrypoint import main
from hnseg.signals import end_process
from tests.support.answering import method
from tests.support.answering.spec import EDITIONS, SPEC

end_process(main(SPEC, method, editions=EDITIONS))
