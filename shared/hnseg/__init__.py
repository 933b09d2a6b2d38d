"""nnU-Net ensembles as Grand Challenge containers for head-and-neck radiotherapy.

Research software, not a medical device.
"""

__version__ = "0.1.0"
