"""`make run`: emulators, control plane, event sources, one node and the gateway on one origin."""
