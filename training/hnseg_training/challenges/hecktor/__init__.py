"""HECKTOR: from the published data to a data set, and models of stages and survival."""
