"""Servers over HTTP: the transport, what may fail on the way, what a server refuses, and what is asked in its place."""
