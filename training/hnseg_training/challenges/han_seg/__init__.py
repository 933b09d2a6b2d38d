"""HaN-Seg: from the published data to a data set."""
