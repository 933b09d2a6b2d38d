"""Containers of the challenges: a folder each, with its sockets, its method and its entry point."""
