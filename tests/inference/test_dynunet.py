from pydoc import locate

from hnseg.inference.model.architecture import DYNUNET
from hnseg.inference.networks.dynunet import build_dynunet


def test_the_name_in_plans_leads_to_the_network_as_nnunet_looks_it_up():
    assert DYNUNET == "hnseg.inference.dynunet.build_dynunet"  # in bundles that are out
    assert locate(DYNUNET) is build_dynunet
