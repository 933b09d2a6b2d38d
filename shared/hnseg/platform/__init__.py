"""Contract of the Grand Challenge platform: sockets in, files out, exec and invoke."""
