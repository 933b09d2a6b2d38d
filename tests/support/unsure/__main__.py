from hnseg.entrypoint import main
from hnseg.signals import end_process
from tests.support.unsure import method
from tests.support.unsure.spec import SPEC

end_process(main(SPEC, method))
