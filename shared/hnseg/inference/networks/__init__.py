"""Networks beside those of `dynamic_network_architectures`, each built by a function that plans name."""
