"""Folders of the challenges: `convert` makes a data set of the public data, `outcomes` fits models of the answers."""
