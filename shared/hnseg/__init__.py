"""nnU-Net ensembles as Grand Challenge containers for head-and-neck radiotherapy.

Research software, not a medical device.
"""

from hnseg.version import __version__ as __version__
