"""A media node: forwards the tracks of the sessions it owns. One process, one event loop, one core."""
