"""One folder a challenge: `convert` makes a data set of its public data, `outcomes` fits models of its answers."""
