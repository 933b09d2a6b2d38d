"""The Grand Challenge contract: sockets in, files out, exec and invoke."""
